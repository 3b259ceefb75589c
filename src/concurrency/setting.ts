/** How many requests and prompts are sent to one engine at once. */
export interface Setting {
  /** Requests in flight. */
  readonly concurrency: number;
  readonly promptsPerRequest: number;
}

/**
 * With eight requests in flight the engine has work while one of them is on its way, and few large requests cost the client least. From
 * 512 prompts on, an H200 reads 16 requests of 32 faster than 8 of 64 (docs/benchmarks.md).
 */
const FEW_REQUESTS = 8;
const MANY_REQUESTS = 16;
const MANY_FROM_LEVEL = 512;
/** A request holds at most 64 prompts, because one refused prompt makes abtie send its whole request again. */
const MOST_PROMPTS = 64;

/** Computes the level of a setting: the number of prompts in flight. */
export function levelOf({ concurrency, promptsPerRequest }: Setting): number {
  return concurrency * promptsPerRequest;
}

/**
 * Chooses the setting whose level is nearest to the wanted one. Above eight prompts a request holds several, because a server
 * that computes small prompts fast spends more time per request than per prompt. `promptsPerRequest` fixes their number. The
 * level of the chosen setting gives the same setting again.
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
