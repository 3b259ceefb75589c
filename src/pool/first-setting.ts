import { type Setting, settingFor } from "../concurrency/setting.ts";
import type { Config } from "../config/config.ts";

/** Prompts in flight when nobody says anything. */
const LEVEL = 16;
/** Prompts per request when only the requests in flight are given. */
const PROMPTS = 4;

/** Chooses what an engine is asked at first: what the config fixes, else what its profile says suits it. */
export function firstSetting(config: Pick<Config, "concurrency" | "promptsPerRequest" | "engine">): Setting {
  const { concurrency, promptsPerRequest: fixed, engine } = config;
  const prompts = fixed ?? engine.promptsPerRequest;
  if (concurrency !== null) return { concurrency, promptsPerRequest: prompts ?? PROMPTS };
  if (engine.concurrency !== null && prompts !== null) {
    return { concurrency: engine.concurrency, promptsPerRequest: prompts };
  }
  return settingFor(engine.concurrency ?? LEVEL, prompts);
}
