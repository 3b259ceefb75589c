import type { Config } from "../config/config.ts";
import type { Effects } from "../effects.ts";
import type { Engine } from "../engine/engine.ts";
import { AbtieError } from "../errors.ts";
import type { Judge, JudgeLoader, JudgeServer } from "../judge/judge.ts";
import { engineOpeners } from "../pool/open-engines.ts";

/** An engine, and the judge that fits it. Disposing it stops a server that was started for it. */
export interface FirstEngine extends AsyncDisposable {
  readonly engine: Engine;
  readonly judge: Judge;
}

/** Opens the first engine of a config alone, outside of a pool. Throws AbtieError: config, engine. */
export async function openFirstEngine(config: Config, loader: JudgeLoader, effects: Effects): Promise<FirstEngine> {
  let judge: Judge | null = null;
  const probe = async (server: JudgeServer) => {
    const probed = await loader.probe(server);
    judge = probed.judge;
    return probed.input;
  };
  const [opener] = engineOpeners({ config, effects, logFolder: config.runFolder, probe });
  if (opener === undefined)
    throw new AbtieError("config", "the config names no engine: give engine.attach or a profile");
  const engine = await opener.open(effects.signal);
  if (judge === null) throw new Error("an engine that is open has been probed");
  return { engine, judge, [Symbol.asyncDispose]: () => engine[Symbol.asyncDispose]() };
}
