import { type Dialect, readRelative } from "./dialect.ts";

/**
 * Forbids every other token and asks for as many as are left. Works where log probabilities are read after the mask:
 * vLLM with --logprobs-mode processed_logprobs, and vLLM's first engine.
 */
export const allowedTokenIds: Dialect = {
  method: "allowed_token_ids",
  request: (ids) => ({ logprobs: ids.length, allowed_token_ids: ids }),
  read: readRelative,
};
