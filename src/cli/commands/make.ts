import { Option } from "commander";
import { STAGE_NAMES, type StageName } from "../../chain/stage.ts";
import { examples } from "../render/help-text.ts";
import { type AddCommand, printJson } from "./context.ts";
import { jsonOption } from "./options.ts";
import { type RecipeFlags, recipeOverrides, withRecipeFlags } from "./recipe-options.ts";

interface MakeFlags extends RecipeFlags {
  readonly output?: string;
  readonly until: StageName;
  readonly quantizePython?: string;
}

/** Adds `abtie make`. */
export const addMake: AddCommand = (program, context, finish) => {
  const command = program
    .command("make")
    .summary("make a judge by a recipe: prepare, train, merge, quantize, and prove it on held-out rows")
    .description(
      "Makes a judge from labelled rows, stage by stage: prepare, train, merge into the base, quantize, and prove: held-out rows are judged by " +
        "the base and by what was made of it, served by a real engine, and compared. A stage that is done is not done again; what was " +
        "interrupted continues; a stage that was made of other inputs is named.",
    );
  withRecipeFlags(command)
    .option("-o, --output <folder>", "folder of the chain (default: runs/NAME-OF-THE-RECIPE)")
    .addOption(new Option("--until <stage>", "the last stage").choices(STAGE_NAMES).default("prove"))
    .option("--quantize-python <path>", "a Python for quantising (default: that of `abtie setup --train`)")
    .addOption(jsonOption())
    .addHelpText(
      "after",
      examples([
        "abtie make cpu-smollm2 -o made",
        "abtie make s1-gemma2-9b-better --base gemma-2-9b-it -i train.csv --deadline 20h",
      ]),
    )
    .action(async (recipe: string, flags: MakeFlags) => {
      const { make } = await import("../../commands/make.ts");
      const { renderMakeResult, statusOfMade } = await import("../render/made.ts");
      const { output = null, until, deadline = null, force = false, python = null, quantizePython = null } = flags;
      const overrides = recipeOverrides(flags, context);
      const made = await make(
        { recipe, overrides, folder: output, until, deadline, force, python, quantizePython },
        context,
      );
      if (flags.json === true) printJson(context, made);
      else context.print(renderMakeResult(made));
      finish(statusOfMade(made));
    });
};
