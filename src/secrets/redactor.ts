import { patternOf } from "./pattern.ts";
import { HIDDEN_SECRET, type Secret } from "./secret.ts";

/** Replaces every secret in a text by "[secret]". */
export type Redact = (text: string) => string;

/** The secrets of a program, which grow while configs are read, and the function that removes all of them from a text. */
export interface Redactor {
  readonly add: (secrets: readonly Secret[]) => void;
  readonly redact: Redact;
}

/**
 * Creates a redactor. It finds a secret as it is, in other case, URL-encoded, in base64, escaped as in JSON or HTML,
 * interrupted by markup or line breaks, and cut off at the end of a text. A secret of 4 to 7 characters is found only
 * as a whole word, and a shorter one is not found, because replacing it would destroy the text around it.
 */
export function createRedactor(secrets: readonly Secret[] = []): Redactor {
  const patterns = new Map<string, RegExp>();
  let ordered: readonly RegExp[] = [];
  const add = (more: readonly Secret[]): void => {
    for (const secret of more) {
      const value = secret.reveal();
      const pattern = patterns.has(value) ? null : patternOf(value);
      if (pattern !== null) patterns.set(value, pattern);
    }
    // The longest secret comes first, because a shorter one may be a part of it.
    ordered = [...patterns].toSorted(([one], [other]) => other.length - one.length).map(([, pattern]) => pattern);
  };
  add(secrets);
  return {
    add,
    redact: (text) => ordered.reduce((rest, pattern) => rest.replace(pattern, HIDDEN_SECRET), text),
  };
}
