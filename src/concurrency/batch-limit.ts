import type { Setting } from "./setting.ts";

/** How many prompts one request to an engine may hold, as its refusals of larger requests (HTTP 413) have shown. */
export interface BatchLimit {
  /** Largest number of prompts that is sent in one request; Infinity while no request was refused. */
  readonly most: number;
  /** Largest number of prompts in a request that was answered since the last refusal of so many prompts. */
  readonly accepted: number;
}

export const NO_LIMIT: BatchLimit = { most: Number.POSITIVE_INFINITY, accepted: 0 };

/** Learns from a request of `prompts` prompts that was answered. */
export function afterAccepted(limit: BatchLimit, prompts: number): BatchLimit {
  return prompts <= limit.accepted ? limit : { ...limit, accepted: prompts };
}

/**
 * Learns from a request of `prompts` prompts that was refused as too large: half as many are sent from now on, or as many as were
 * answered in one request before. If so many prompts were answered before, this request held one very long prompt, and only a further
 * refusal lowers the limit.
 */
export function afterTooLarge(limit: BatchLimit, prompts: number): BatchLimit {
  if (prompts <= 1) return limit;
  if (prompts <= limit.accepted) return { ...limit, accepted: 0 };
  return { ...limit, most: Math.min(limit.most, Math.max(limit.accepted, Math.floor(prompts / 2))) };
}

/** Spreads the prompts in flight over more requests, so that no request holds more than `most`. `fixed` keeps their number. */
export function withinLimit(setting: Setting, { most }: BatchLimit, fixed: boolean): Setting {
  const { concurrency, promptsPerRequest } = setting;
  if (promptsPerRequest <= most) return setting;
  const spread = fixed ? concurrency : Math.round((concurrency * promptsPerRequest) / most);
  return { concurrency: spread, promptsPerRequest: most };
}
