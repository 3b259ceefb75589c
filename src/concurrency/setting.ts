/** How many requests and prompts are sent to one engine at once. */
export interface Setting {
  /** Requests in flight. */
  readonly concurrency: number;
  readonly promptsPerRequest: number;
}

/**
 * With eight requests in flight the engine has work while one of them is on its way, and few large requests cost the client least. With
 * 512 prompts and more in flight there are 16: with 8 requests of up to 64 at every level an H200 took longer (docs/benchmarks.md).
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
  // The level that eight requests would have, so that the setting of this level is the same.
  const isMany = FEW_REQUESTS * Math.round(level / FEW_REQUESTS) >= MANY_FROM_LEVEL;
  const requests = Math.min(level, isMany ? MANY_REQUESTS : FEW_REQUESTS);
  const prompts = Math.max(1, Math.round(level / requests));
  if (prompts <= MOST_PROMPTS) return { concurrency: requests, promptsPerRequest: prompts };
  return { concurrency: Math.round(level / MOST_PROMPTS), promptsPerRequest: MOST_PROMPTS };
}
