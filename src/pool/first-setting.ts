import { type Setting, settingFor } from "../concurrency/setting.ts";
import type { Config } from "../config/config.ts";

/** Prompts in flight where neither config nor profile gives a number. */
const LEVEL = 16;
/** Prompts per request where only the requests in flight are given. */
const PROMPTS = 4;

/** Chooses how much an engine gets at once at first: the values of the config, else those of the engine's profile. */
export function firstSetting(config: Pick<Config, "concurrency" | "promptsPerRequest" | "engine">): Setting {
  const { concurrency, promptsPerRequest: fixed, engine } = config;
  const prompts = fixed ?? engine.promptsPerRequest;
  if (concurrency !== null) return { concurrency, promptsPerRequest: prompts ?? PROMPTS };
  if (engine.concurrency !== null && prompts !== null) {
    return { concurrency: engine.concurrency, promptsPerRequest: prompts };
  }
  return settingFor(engine.concurrency ?? LEVEL, prompts);
}
