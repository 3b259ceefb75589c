import { plural } from "../../../format.ts";
import type { LabelSequence } from "./resolve.ts";

/**
 * Describes label texts that have different numbers of tokens; null when all have the same number. The probability of a text is the
 * product over its tokens, so a text with more tokens tends to get less.
 */
export function describeUnequalLabels(sequences: readonly LabelSequence[]): string | null {
  if (new Set(sequences.map(({ ids }) => ids.length)).size <= 1) return null;
  const lengths = sequences.map(({ text, ids }) => `${JSON.stringify(text)} has ${plural(ids.length, "token")}`);
  return `The labels have different numbers of tokens, and a label with more tokens tends to get a smaller probability: ${lengths.join(", ")}.`;
}
