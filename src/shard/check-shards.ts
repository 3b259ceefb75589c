import { AbtieError } from "../errors.ts";
import { seriousDifferences } from "../runfolder/manifest/check-manifest.ts";
import type { Manifest } from "../runfolder/manifest/manifest.ts";
import {
  describeModel,
  isSameModel,
  type ModelIdentity,
  mergeIdentities,
} from "../runfolder/manifest/model-identity.ts";
import type { FoundShard } from "./find-shards.ts";

/**
 * Checks that all shards judged their part of these rows with this config, template and model. `expected` gives the manifest that a
 * shard would have now. Returns the model; null when no shard has one. Throws AbtieError("config") with every difference.
 */
export function checkShards(
  shards: readonly FoundShard[],
  expected: (shard: FoundShard) => Manifest,
): ModelIdentity | null {
  const differences = shards.flatMap((shard) => {
    const now = { ...expected(shard), createdAt: shard.manifest.createdAt };
    return seriousDifferences(shard.manifest, now).map((text) => `shard ${shard.shard.index}: ${text}`);
  });
  const { model, others } = mergeModels(shards);
  const problems = [...differences, ...others];
  if (problems.length === 0) return model;
  throw new AbtieError(
    "config",
    "the shards were not all judged with the config, rows, template and model of this join, and their answers would not be comparable: " +
      "give the config of the shards, or run the other shards again (--fresh)",
    { details: problems.slice(0, MOST_SHOWN) },
  );
}

const MOST_SHOWN = 40;

/** Merges what the shards know of their model; `others` names each shard with another model than the first. */
function mergeModels(shards: readonly FoundShard[]): {
  readonly model: ModelIdentity | null;
  readonly others: readonly string[];
} {
  let model: ModelIdentity | null = null;
  const others: string[] = [];
  for (const { shard, manifest } of shards) {
    const own = manifest.model;
    if (own === null) continue;
    if (model === null) model = own;
    else if (isSameModel(model, own)) model = mergeIdentities(model, own);
    else
      others.push(
        `shard ${shard.index}: the model was ${describeModel(own)}, that of other shards ${describeModel(model)}`,
      );
  }
  return { model, others };
}
