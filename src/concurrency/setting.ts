/** How much is asked of one engine at once. */
export interface Setting {
  /** Requests in flight. */
  readonly concurrency: number;
  readonly promptsPerRequest: number;
}

/** Eight requests hide the time that one of them spends on the way; from 128 prompts on, 16 requests still hold eight each. */
const FEW_REQUESTS = 8;
const MANY_REQUESTS = 16;
const MANY_FROM_LEVEL = 128;
/** One refused prompt sends its whole request back, so a request holds at most 64 prompts. */
const MOST_PROMPTS = 64;

/** Computes the level of a setting: its number of prompts in flight. */
export function levelOf({ concurrency, promptsPerRequest }: Setting): number {
  return concurrency * promptsPerRequest;
}

/**
 * Chooses the setting whose level is nearest to a wanted one. Above eight prompts a request holds several, since a server
 * that computes small prompts fast spends more time on a request than on a prompt. `promptsPerRequest` fixes that number.
 * The level of the chosen setting gives the same setting again.
 */
export function settingFor(level: number, promptsPerRequest: number | null): Setting {
  if (promptsPerRequest !== null) {
    return { concurrency: Math.max(1, Math.round(level / promptsPerRequest)), promptsPerRequest };
  }
  const requests = Math.min(level, level < MANY_FROM_LEVEL ? FEW_REQUESTS : MANY_REQUESTS);
  const prompts = Math.max(1, Math.round(level / requests));
  if (prompts <= MOST_PROMPTS) return { concurrency: requests, promptsPerRequest: prompts };
  return { concurrency: Math.round(level / MOST_PROMPTS), promptsPerRequest: MOST_PROMPTS };
}
