import { dirname, join } from "node:path";
import { inputsOf } from "../../chain/decide.ts";
import { type ChainStage, madeStage } from "../../chain/stage.ts";
import { weightsHash } from "../../files/weights-hash.ts";
import { countDevices, findTrainingPython } from "../python.ts";
import { type JudgeRecipe, trainingPart } from "../recipe.ts";
import { type TrainEffects, trainJudge } from "../train.ts";

/** What the stages after prepare need besides the recipe. */
export interface MakeSettings {
  /** A Python with the packages of training; null: that of `abtie setup`. */
  readonly python: string | null;
  /** The training ends by then, ms since 1970; null: no deadline. */
  readonly deadlineAt: number | null;
}

/** The stage that trains. A training that was interrupted is continued. */
export function trainStage(
  recipe: JudgeRecipe,
  { python, deadlineAt }: MakeSettings,
  effects: TrainEffects,
): ChainStage {
  return {
    name: "train",
    folder: "train",
    continues: true,
    inputs: async (made) => ({
      examples: String(madeStage(made, "prepare").facts["examplesSha256"]),
      "base/weights": (await weightsHash(recipe.base)) ?? "none",
      ...inputsOf(withoutFolds(trainingPart(recipe))),
    }),
    run: async ({ temporary, made, signal }) => {
      const ending = { ...effects, signal };
      return trainJudge(
        {
          recipe,
          data: madeStage(made, "prepare").path,
          out: temporary,
          logFile: join(dirname(temporary), "logs", "train.log"),
          python: await findTrainingPython(python, ending),
          deadlineAt,
          devices: await countDevices(recipe.training.devices, ending),
        },
        ending,
      );
    },
  };
}

/** The hash of the examples says how they were divided; which fold is held out is a setting of the training too. */
function withoutFolds({
  data: _data,
  ...others
}: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return others;
}
