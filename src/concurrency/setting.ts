/** How much is asked of one engine at once. */
export interface Setting {
  /** Requests in flight. */
  readonly concurrency: number;
  readonly promptsPerRequest: number;
}

/** So many requests are enough to hide the time that one of them is under way and not at work. */
const FEW = 8;
const MANY = 16;
/** From this many prompts on there are many requests: each then still holds several prompts. */
const MANY_FROM = 128;
/** A prompt that is refused sends its whole request back, so requests do not grow without end. */
const MOST_PROMPTS = 64;

/** Computes the number of prompts in flight under a setting: its level. */
export function levelOf({ concurrency, promptsPerRequest }: Setting): number {
  return concurrency * promptsPerRequest;
}

/**
 * Chooses the setting that comes nearest to a level (prompts in flight); for the level of that setting, the same one. Prompts are sent together as soon as there are enough
 * for eight requests, since a server that computes small prompts fast spends more on a request than on a prompt.
 * `promptsPerRequest` fixes that number.
 */
export function settingFor(level: number, promptsPerRequest: number | null): Setting {
  if (promptsPerRequest !== null) {
    return { concurrency: Math.max(1, Math.round(level / promptsPerRequest)), promptsPerRequest };
  }
  const requests = Math.min(level, level < MANY_FROM ? FEW : MANY);
  const prompts = Math.max(1, Math.round(level / requests));
  if (prompts <= MOST_PROMPTS) return { concurrency: requests, promptsPerRequest: prompts };
  return { concurrency: Math.round(level / MOST_PROMPTS), promptsPerRequest: MOST_PROMPTS };
}
