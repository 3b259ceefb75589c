import { type Setting, settingFor } from "../concurrency/setting.ts";
import type { Config } from "../config/config.ts";

/** Fewest prompts in flight at the start, and most. With 256 any engine has work from the first second on. */
const SHALLOW = 16;
const DEEP = 256;
/** With a deadline, at most this share of the rows is in flight before the speed is known. */
const COMMITTED_SHARE = 0.02;
/** Prompts per request when only the number of requests in flight is given. */
const PROMPTS = 4;

/**
 * Chooses how many prompts are in flight at the start. A deep queue costs nothing: the engine answers in the order of its queue, and
 * what it has not begun is taken back without loss. But the prompts in it are chosen before the speed is known. So a job that may have to
 * shorten or leave out rows by a deadline, or that may be decided after a few rows, begins with few. A job of few rows has as many in
 * flight as it has rows, so that its requests are small and several engines share them.
 */
export function firstLevel({ rows, isBounded }: { readonly rows: number; readonly isBounded: boolean }): number {
  return Math.min(DEEP, Math.max(SHALLOW, isBounded ? Math.round(COMMITTED_SHARE * rows) : rows));
}

/**
 * Chooses the first setting of an engine: the values of the config, or else those of the engine's profile, or else `level` prompts in
 * flight.
 */
export function firstSetting(
  config: Pick<Config, "concurrency" | "promptsPerRequest" | "engine">,
  level: number = SHALLOW,
): Setting {
  const { concurrency, promptsPerRequest: fixed, engine } = config;
  const prompts = fixed ?? engine.promptsPerRequest;
  if (concurrency !== null) return { concurrency, promptsPerRequest: prompts ?? PROMPTS };
  if (engine.concurrency !== null && prompts !== null) {
    return { concurrency: engine.concurrency, promptsPerRequest: prompts };
  }
  return settingFor(engine.concurrency ?? level, prompts);
}
