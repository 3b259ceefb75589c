import { type Dialect, readAbsolute } from "./dialect.ts";

/**
 * Asks for exactly these tokens, over the whole vocabulary (vLLM 0.26 and newer, at most 128 ids). `logprobs` must be set
 * for the field to be allowed; older servers ignore the field silently, which shows as missing ids.
 */
export const logprobTokenIds: Dialect = {
  method: "logprob_token_ids",
  request: (ids) => ({ logprobs: 0, logprob_token_ids: ids }),
  read: readAbsolute,
};
