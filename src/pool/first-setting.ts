import { type Setting, settingFor } from "../concurrency/setting.ts";
import type { Config } from "../config/config.ts";

/** Prompts in flight when neither the config nor the engine's profile gives a number. */
const LEVEL = 16;
/** Prompts per request when only the number of requests in flight is given. */
const PROMPTS = 4;

/** Chooses the first setting of an engine: the values of the config, or else those of the engine's profile. */
export function firstSetting(config: Pick<Config, "concurrency" | "promptsPerRequest" | "engine">): Setting {
  const { concurrency, promptsPerRequest: fixed, engine } = config;
  const prompts = fixed ?? engine.promptsPerRequest;
  if (concurrency !== null) return { concurrency, promptsPerRequest: prompts ?? PROMPTS };
  if (engine.concurrency !== null && prompts !== null) {
    return { concurrency: engine.concurrency, promptsPerRequest: prompts };
  }
  return settingFor(engine.concurrency ?? LEVEL, prompts);
}
