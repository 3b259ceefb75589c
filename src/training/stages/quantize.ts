import { dirname, join } from "node:path";
import { inputsOf } from "../../chain/decide.ts";
import { type ChainStage, madeStage } from "../../chain/stage.ts";
import type { Effects } from "../../effects.ts";
import { quantizeModel } from "../quantize.ts";
import type { JudgeRecipe } from "../recipe.ts";
import { MODEL } from "./merge.ts";
import type { MakeSettings } from "./train.ts";

/** The stage that quantises the merged model on prompts of the training. */
export function quantizeStage(
  settings: NonNullable<JudgeRecipe["quantize"]>,
  { python }: MakeSettings,
  effects: Effects,
): ChainStage {
  return {
    name: "quantize",
    folder: "quantized",
    continues: false,
    inputs: async (made) => ({
      merge: madeStage(made, "merge").id,
      examples: String(madeStage(made, "prepare").facts["examplesSha256"]),
      ...inputsOf({ quantize: settings }),
    }),
    run: ({ temporary, made, signal }) =>
      quantizeModel(
        {
          model: join(madeStage(made, "merge").path, MODEL),
          data: madeStage(made, "prepare").path,
          out: join(temporary, MODEL),
          settings,
          logFile: join(dirname(temporary), "logs", "quantize.log"),
          python,
        },
        { ...effects, signal },
      ),
  };
}
