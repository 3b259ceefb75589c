import type { EngineConfig } from "../config/config.ts";
import type { Engine } from "../engine/engine.ts";
import { AbtieError } from "../errors.ts";
import {
  describeModel,
  identityOf,
  isSameModel,
  type ModelIdentity,
  mergeIdentities,
} from "../runfolder/manifest/model-identity.ts";

/** Gives the model that all engines serve. Throws AbtieError("config") when two of them serve different models. */
export function oneModelOf(engines: readonly ServedEngine[], config: EngineConfig): ModelIdentity {
  const [first, ...others] = engines.map(({ name, engine }) => ({ name, model: identityOf(engine, config) }));
  if (first === undefined) throw new Error("a pool has at least one engine");
  return others.reduce((known, { name, model }) => {
    if (isSameModel(known, model)) return mergeIdentities(known, model);
    throw new AbtieError(
      "config",
      `The engines serve different models, and their answers would not be comparable: ${first.name} serves ${describeModel(first.model)}, ` +
        `${name} serves ${describeModel(model)}. Serve one model on all of them, or leave one out.`,
    );
  }, first.model);
}

interface ServedEngine {
  readonly name: string;
  readonly engine: Pick<Engine, "served" | "answersAs">;
}

/** Says why an engine that came back cannot be used, because it serves another model than before; null when it serves the same. */
export function otherModel(before: ModelIdentity, now: ModelIdentity): string | null {
  if (isSameModel(before, now)) return null;
  return `it serves another model now: it served ${describeModel(before)}, now ${describeModel(now)}`;
}
