import type { Dialect, DialectEntry } from "./dialect.ts";
import { processedDialect, processedEntry } from "./processed.ts";

/**
 * Forbids every token except the requested ones. Works where the server reads log probabilities after the mask: vLLM with
 * --logprobs-mode processed_logprobs, and vLLM's first engine (V0).
 */
export const allowedTokenIds: Dialect = processedDialect((ids) => ({ allowed_token_ids: ids }));

export const allowedTokenIdsEntry: DialectEntry = processedEntry(allowedTokenIds);
