import { examples } from "../render/help-text.ts";
import { type AddCommand, printJson } from "./context.ts";
import { jsonOption } from "./options.ts";
import { type RecipeFlags, recipeOverrides, withRecipeFlags } from "./recipe-options.ts";

interface TrainFlags extends RecipeFlags {
  readonly run?: string;
  readonly dryRun?: boolean;
}

/** Adds `abtie train`. */
export const addTrain: AddCommand = (program, context, finish) => {
  const command = program
    .command("train")
    .summary("train a judge by a recipe: prepare the rows, then train; the same command continues")
    .description(
      "Prepares the rows of a recipe, unless that is done, and trains a judge on them: an adapter over the base, with a classification head or " +
        "with the label as the next token. The same command continues a training that was interrupted. Shows loss, held-out log loss, speed and end.",
    );
  withRecipeFlags(command)
    .option("--run <folder>", "folder of the chain (default: runs/NAME-OF-THE-RECIPE)")
    .option("--dry-run", "print how many parameters are trained and how much memory that needs; do nothing")
    .addOption(jsonOption())
    .addHelpText(
      "after",
      examples([
        "abtie train s1-gemma2-9b --base gemma-2-9b-it -i train.csv --dry-run",
        "abtie train recipe.yaml --run runs/mine --deadline 9h",
      ]),
    )
    .action(async (recipe: string, flags: TrainFlags) => {
      const { make, planTraining } = await import("../../commands/make.ts");
      const { renderMakeResult, renderTrainingPlan, statusOfMade } = await import("../render/made.ts");
      const overrides = recipeOverrides(flags, context);
      if (flags.dryRun === true) {
        const plan = await planTraining({ recipe, overrides }, context);
        if (flags.json === true) printJson(context, plan);
        else context.print(renderTrainingPlan(plan));
        return;
      }
      const { run = null, deadline = null, force = false, python = null } = flags;
      const made = await make({ recipe, overrides, folder: run, until: "train", deadline, force, python }, context);
      if (flags.json === true) printJson(context, made);
      else context.print(renderMakeResult(made));
      finish(statusOfMade(made));
    });
};
