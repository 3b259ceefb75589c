import type { Config } from "../config/config.ts";
import type { Effects } from "../effects.ts";
import { AbtieError } from "../errors.ts";
import type { Judge, JudgeLoader } from "../judge/judge.ts";
import { openFirstEngine } from "./open-first-engine.ts";

/** A judge that can make prompts. */
export interface OpenedJudge extends AsyncDisposable {
  readonly judge: Judge;
}

/**
 * Opens the judge of a config without starting a server: with the tokenizer on this machine, or else with the server that
 * runs already. Throws AbtieError: config (also when only a server that abtie would have to start could tokenise), engine.
 */
export async function openJudge(config: Config, loader: JudgeLoader, effects: Effects): Promise<OpenedJudge> {
  if (loader.local) {
    return { judge: await loader.open(null), [Symbol.asyncDispose]: async () => {} };
  }
  if (config.engine.kind === "attach") return openFirstEngine(config, loader, effects);
  throw new AbtieError(
    "config",
    "a plan starts no server, and counts tokens with the model's tokenizer: name the folder with its tokenizer.json as " +
      "engine.tokenizer, or start the server and name it with --base-url",
  );
}
