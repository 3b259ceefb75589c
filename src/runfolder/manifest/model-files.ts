import { join } from "node:path";
import type { Config } from "../../config/config.ts";
import { MODEL_FILES } from "../../prompt/tokenizer/model-files.ts";

/** Lists the paths of the small files of the model that a config names, its tokenizer's included; some may be missing. */
export function modelFilesOf({ engine }: Pick<Config, "engine">): readonly string[] {
  const folders = new Set([engine.tokenizer, engine.kind === "spawn" ? engine.model : null]);
  return [...folders]
    .filter((folder) => folder !== null)
    .flatMap((folder) => ["config.json", ...MODEL_FILES].map((name) => join(folder, name)));
}
