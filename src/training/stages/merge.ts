import { join } from "node:path";
import { type ChainStage, madeStage } from "../../chain/stage.ts";
import type { Effects } from "../../effects.ts";
import { sha256OfFile } from "../../files/hash.ts";
import { weightsHash } from "../../files/weights-hash.ts";
import { mergeAdapter } from "../../setup/merge-adapter.ts";
import { setupEffects } from "../../setup/setup.ts";
import { readDataFile } from "../data-file.ts";
import type { JudgeRecipe } from "../recipe.ts";
import { namesOfClasses } from "../trained-run.ts";
import type { MakeSettings } from "./train.ts";

/** The stage that merges the trained adapter into the base in 16 or 32 bits. */
export function mergeStage(recipe: JudgeRecipe, { python }: MakeSettings, effects: Effects): ChainStage {
  return {
    name: "merge",
    folder: "merged",
    continues: false,
    inputs: async (made) => ({
      train: madeStage(made, "train").id,
      base: recipe.base,
      "base/config.json": await sha256OfFile(join(recipe.base, "config.json")),
      "base/weights": (await weightsHash(recipe.base)) ?? "none",
    }),
    run: async ({ temporary, made, signal }) => {
      const { classes, pad } = await readDataFile(madeStage(made, "prepare").path);
      // merge_adapter.py makes its folder itself, in one step.
      const merged = await mergeAdapter({
        base: recipe.base,
        adapter: join(madeStage(made, "train").path, "final"),
        out: join(temporary, MODEL),
        classes: recipe.head === "classifier" ? namesOfClasses(classes) : null,
        padToken: recipe.head === "classifier" ? pad : null,
        dtype: "auto",
        python,
        ...setupEffects({ ...effects, signal }),
      });
      const { parameters, largestDifference } = merged;
      return { stopped: null, facts: { parameters, largestDifference } };
    },
  };
}

/** Name of the model folder in the folder of a stage. */
export const MODEL = "model";
