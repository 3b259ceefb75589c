import type { Dialect, DialectEntry } from "./dialect.ts";
import { processedDialect, processedEntry } from "./processed.ts";

/**
 * The largest bias that the protocol allows. e^100 leaves no probability for any other token. Every label gets the same
 * bias.
 */
const BIAS = 100;

/**
 * Raises the requested tokens above all others. Serves servers that read log probabilities after the bias but have no
 * mask.
 */
export const logitBias: Dialect = processedDialect((ids) => ({
  logit_bias: Object.fromEntries(ids.map((id) => [String(id), BIAS])),
}));

export const logitBiasEntry: DialectEntry = processedEntry(logitBias);
