import { resolve } from "node:path";
import { type Command, Option } from "commander";
import type { RecipeOverride } from "../../training/load-recipe.ts";
import type { Context } from "./context.ts";
import { addSetting, type ConfigSetting } from "./settings.ts";

/** The flags that replace keys of a recipe. */
export interface RecipeFlags {
  readonly base?: string;
  readonly input?: string;
  readonly set?: readonly ConfigSetting[];
  readonly python?: string;
  readonly force?: boolean;
  readonly deadline?: string;
  readonly json?: boolean;
}

/** Adds the recipe as an argument, and the flags that replace its keys. */
export function withRecipeFlags(command: Command): Command {
  return command
    .argument("<recipe>", "name of a shipped recipe (launch/recipes), or a YAML file")
    .option("--base <folder>", "folder of the base model; sets base")
    .option("-i, --input <file>", "labelled rows; sets data.input")
    .addOption(
      new Option("--set <key=value>", "any other key, for example --set training.epochs=2; may be repeated").argParser(
        addSetting,
      ),
    )
    .option(
      "--deadline <when>",
      'time by which the training ends with a usable model: "9h" (from now), "18:30", or an ISO date and time',
    )
    .option("--force", "make stages again that were made of other inputs; what was there is renamed")
    .option("--python <path>", "a Python for training (default: that of `abtie setup`, with peft added)");
}

/** Turns the flags into overrides of the recipe; paths in flags are relative to the working directory. */
export function recipeOverrides({ base, input, set = [] }: RecipeFlags, { cwd }: Context): readonly RecipeOverride[] {
  return [
    ...(base === undefined ? [] : [{ from: "--base", path: ["base"], value: resolve(cwd, base) }]),
    ...(input === undefined ? [] : [{ from: "-i", path: ["data", "input"], value: resolve(cwd, input) }]),
    ...set.map(({ path, value }) => ({ from: "--set", path, value })),
  ];
}
