import type { Config } from "../config/config.ts";
import type { Effects } from "../effects.ts";
import type { Engine } from "../engine/engine.ts";
import { AbtieError } from "../errors.ts";
import type { Judge, JudgeLoader, JudgeServer } from "../judge/judge.ts";
import { engineOpeners } from "../pool/open-engines.ts";

/** An engine, and the judge that fits it. Disposing it closes the engine. */
interface OpenedEngine extends AsyncDisposable {
  readonly engine: Engine;
  readonly judge: Judge;
}

/** Opens the first engine of a config, and the judge that fits it. Throws AbtieError: config, engine. */
export async function openWithJudge(config: Config, loader: JudgeLoader, effects: Effects): Promise<OpenedEngine> {
  let judge: Judge | null = null;
  const probe = async (server: JudgeServer) => {
    const probed = await loader.probe(server);
    judge = probed.judge;
    return probed.input;
  };
  const [opener] = engineOpeners({ config, effects, logFolder: config.runFolder, probe });
  if (opener === undefined) throw new AbtieError("config", "the config names no engine");
  const engine = await opener.open(effects.signal);
  if (judge === null) throw new Error("an engine that is open has been probed");
  return { engine, judge, [Symbol.asyncDispose]: () => engine[Symbol.asyncDispose]() };
}
