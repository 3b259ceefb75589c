import { type Dialect, readRelative } from "./dialect.ts";

/** The largest bias that the protocol allows: e^100 leaves nothing for any other token, and adds the same to each label. */
const BIAS = 100;

/** Lifts the asked tokens above all others, for servers that read log probabilities after the bias but lack a mask. */
export const logitBias: Dialect = {
  method: "logit_bias",
  request: (ids) => ({ logprobs: ids.length, logit_bias: Object.fromEntries(ids.map((id) => [String(id), BIAS])) }),
  read: readRelative,
};
