/** A shorter text is no secret that could be told from ordinary text. */
const SHORTEST = 4;
/** Short values of settings that texts and JSON contain everywhere. */
const ORDINARY = /^(?:true|false|null|auto|none|empty|[\d.]{1,7})$/i;
/** A text of this length or more is replaced wherever it stands, also inside a word. */
const DISTINCT = 8;
/** A longer text is searched as it is and in its usual encodings, not character by character. */
const LONGEST = 300;
/** The shortest beginning of a secret that counts as the secret cut off. */
const SHORTEST_CUT = 6;

/** True for a secret that can be found in a text: one that is long enough, and no ordinary word. */
export function isFindable(secret: string): boolean {
  return secret.length >= SHORTEST && !ORDINARY.test(secret);
}

/**
 * Builds the pattern that finds a secret in a text, however the text was encoded; null when the secret is too short.
 * Each repetition in the pattern is bounded by a first character of its own, so the search takes linear time.
 */
export function patternOf(secret: string): RegExp | null {
  if (!isFindable(secret)) return null;
  if (secret.length < DISTINCT) return new RegExp(`(?<![A-Za-z0-9])${encodedForms(secret)}(?![A-Za-z0-9])`, "giu");
  const forms = secret.length > LONGEST ? encodedForms(secret) : interruptedForms(secret);
  return new RegExp(`${forms}|${base64Forms(secret).join("|")}`, "giu");
}

/** Matches the secret as it is and as a whole in the encodings of URLs, JSON and HTML. */
function encodedForms(secret: string): string {
  const forms = [secret, encodeURIComponent(secret.toWellFormed()), JSON.stringify(secret).slice(1, -1)];
  const html = secret.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
  return `(?:${[...new Set([...forms, html])].map(quote).join("|")})`;
}

/** Matches the secret with each character in any encoding, with markup between the characters, and cut off at the end. */
function interruptedForms(secret: string): string {
  const characters = [...secret].map(anyEncoding);
  // A secret that contains the beginning of an interruption itself would make the search ambiguous and slow.
  const between = /[\s<&\\]/.test(secret) ? "" : INTERRUPTION;
  const begin = characters.slice(0, SHORTEST_CUT).join(between);
  const rest = characters.slice(SHORTEST_CUT);
  const cut = rest.toReversed().reduce((inner, character) => `(?:${between}${character}${inner})?`, "");
  const whole = rest.map((character) => `${between}${character}`).join("");
  return `${begin}(?:${whole}|${cut}(?=\\s*(?:$|\\.\\.\\.|…)))`;
}

/** Markup, white space, invisible characters and colours that a page, a log or a terminal puts between two characters. */
const INTERRUPTION =
  "(?:<[^<>]{0,100}>|[\\s\\u00ad\\u200b-\\u200d\\u2060\\ufeff]|&(?:shy|nbsp|#173|#8203|#xad|#x200b);|\\\\[nrt]|\\u001b\\[[0-9;]{0,20}m)*";

/** Matches one character as it is, percent-encoded (also twice), as an escape of JSON, or as an entity of HTML. */
function anyEncoding(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  const hex = code.toString(16);
  const percent = [...Buffer.from(character, "utf8")].map((byte) => `%(?:25)*${byte.toString(16).padStart(2, "0")}`);
  const units = Array.from({ length: character.length }, (_, at) => character.charCodeAt(at));
  const escaped = units.map((unit) => `\\\\u${unit.toString(16).padStart(4, "0")}`);
  const named = NAMED_ENTITIES[character];
  return `(?:${[
    quote(character),
    percent.join(""),
    escaped.join(""),
    `&#0{0,4}${code};`,
    `&#x0{0,4}${hex};`,
    ...(named === undefined ? [] : [`&${named};`]),
    // JSON inside JSON doubles each backslash.
    ...('"\\/'.includes(character) ? [`\\\\{1,7}${quote(character)}`] : []),
    ...(character === " " ? ["\\+"] : []),
  ].join("|")})`;
}

const NAMED_ENTITIES: Readonly<Record<string, string>> = { "&": "amp", "<": "lt", ">": "gt", '"': "quot", "'": "apos" };

/**
 * Lists the base64 texts that stand for the secret inside any longer encoded text. The secret may begin at any of three
 * positions of a group of three bytes; the characters at its edges, which depend on its neighbours, are left out.
 */
function base64Forms(secret: string): readonly string[] {
  const bytes = Buffer.from(secret, "utf8");
  return [0, 1, 2].map((offset) => {
    const text = Buffer.concat([Buffer.alloc(offset), bytes])
      .toString("base64")
      .replaceAll("=", "");
    const core = text.slice(Math.ceil((8 * offset) / 6), Math.floor((8 * (offset + bytes.length)) / 6));
    // The two alphabets of base64 differ in two characters, which a URL encodes.
    const either = core.replace(/[+/]/g, (character) => (character === "+" ? "(?:[+-]|%2b)" : "(?:[/_]|%2f)"));
    return `${either}(?:=|%3d){0,2}`;
  });
}

function quote(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
}
