import type { Redact } from "../secrets/redactor.ts";

/** Step (UTF-16 units) by which a cut moves towards the begin; most secrets are shorter. */
const STEP = 512;

/**
 * Finds a place before which a long line may be written, so that no secret lies across it; the end of the line when there is none.
 * Begins in the middle: a secret of which the end of the line holds only the first part is then written with the next part.
 */
export function cutBetweenSecrets(line: string, redact: Redact): number {
  const whole = redact(line);
  for (let end = Math.floor(line.length / 2); end > 0; end -= STEP) {
    if (redact(line.slice(0, end)) + redact(line.slice(end)) === whole) return end;
  }
  return line.length;
}
