/** What the engine's own figures say about its steps. */
export interface StepEvidence {
  /** One prompt at a time, a step each: mean tokens, and ms in the engine. */
  readonly alone: { readonly tokens: number; readonly ms: number };
  /** At the best setting, the engine never idle: mean tokens of a step, and ms. */
  readonly full: { readonly tokens: number; readonly ms: number };
  /** Mean number of prompts that waited inside the engine meanwhile. */
  readonly waiting: number;
  /** Tokens that a step may have, where it is known. */
  readonly limit: number | null;
}

/** A setting of the server that was not tried, and what it would give. */
export interface Suggestion {
  readonly setting: "max_num_batched_tokens";
  readonly value: number;
  /** How many times faster the job would be. */
  readonly gain: number;
}

/** Below this ratio of tokens the two kinds of step are too alike to tell what a step costs by itself. */
const LEAST_RATIO = 1.5;
/** A full step may lack this share of its tokens: a prompt that did not fit. */
const FULL = 0.95;

/**
 * Foretells what steps of twice the tokens would give. A step takes s + t * tokens; with few tokens and with many, s and t
 * follow, and a token of a step of T tokens costs s / T + t. Null when the engine had nothing waiting, so that longer steps
 * could not be filled, or when the steps are too alike.
 */
export function suggestLongerSteps({ alone, full, waiting, limit }: StepEvidence): Suggestion | null {
  if (waiting < 1 || full.tokens < LEAST_RATIO * alone.tokens) return null;
  const tokenMs = Math.max(0, (full.ms - alone.ms) / (full.tokens - alone.tokens));
  const stepMs = Math.max(0, full.ms - tokenMs * full.tokens);
  const now = limit ?? 2 ** Math.ceil(Math.log2(FULL * full.tokens));
  const each = (tokens: number): number => stepMs / tokens + tokenMs;
  return { setting: "max_num_batched_tokens", value: 2 * now, gain: each(full.tokens) / each(2 * full.tokens) };
}
