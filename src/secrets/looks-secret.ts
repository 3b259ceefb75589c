/** Texts in the form of tokens that services give out, and addresses with a password. */
const FORMS: readonly RegExp[] = [
  /\bhf_[A-Za-z0-9]{16,}/,
  /\bsk-[A-Za-z0-9_-]{16,}/,
  /\bgh[pousr]_[A-Za-z0-9]{16,}/,
  /\bgithub_pat_\w{16,}/,
  /\bglpat-[\w-]{16,}/,
  /\bxox[abprs]-[\w-]{10,}/,
  /\bAKIA[A-Z0-9]{12,}/,
  /\bAIza[\w-]{20,}/,
  /\bBearer\s+\S{8,}/i,
  /\b(?:api[-_]?key|token|password|secret)\s*[=:]\s*\S{4,}/i,
  /:\/\/[^/\s:@]+:[^/\s@]+@/,
];

/** True for a text in the form of a token, key or password of a known kind. A text of another form may be secret too. */
export function looksSecret(text: string): boolean {
  return FORMS.some((form) => form.test(text));
}
