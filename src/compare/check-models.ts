import { AbtieError } from "../errors.ts";
import type { EnginePool } from "../pool/pool.ts";
import { type EngineGroup, recordForAll } from "./engine-groups.ts";

/**
 * Checks that all servers of a group serve the same model as one another and as in earlier sessions, and records the
 * model. Throws AbtieError("config") when answers of two models would be mixed, unless `force` is true. `at` is ms
 * since 1970.
 */
export function checkModels(
  group: EngineGroup,
  pool: Pick<EnginePool<unknown>, "engines" | "first">,
  { force, at }: { readonly force: boolean; readonly at: number },
): void {
  const [{ config }] = group;
  // The name that a server reports is made up by abtie if abtie started the server, so the model's name then comes from
  // the config.
  const models =
    config.engine.kind === "spawn" ? [config.engine.model] : pool.engines.map(({ current }) => current().model);
  const [model, ...others] = new Set(models);
  if (model === undefined) throw new Error("an engine that is open serves a model");
  if (others.length > 0) {
    throw new AbtieError(
      "config",
      `the servers serve different models (${[model, ...others].join(", ")}): a comparison of templates needs one. ` +
        "To compare models, give each a variant of its own with its `engine`",
    );
  }
  const before = group.flatMap(({ name, folder }) => {
    const earlier = folder.state.engineModel?.model ?? null;
    return earlier === null || earlier === model ? [] : [`${name} was scored by ${earlier}`];
  });
  if (before.length > 0 && !force) {
    throw new AbtieError(
      "config",
      `the server serves ${model} now, another model than before: choose another run folder (--run), begin again ` +
        "(--fresh), or continue all the same (--force)",
      { details: before },
    );
  }
  const engine = pool.first();
  recordForAll(group, {
    event: "engine-model",
    at,
    model,
    version: engine?.version ?? null,
    method: engine?.method ?? "unknown",
  });
}
