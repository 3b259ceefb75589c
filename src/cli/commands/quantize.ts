import { examples } from "../render/help-text.ts";
import { type AddCommand, printJson } from "./context.ts";
import { jsonOption, wholeNumber } from "./options.ts";

interface QuantizeFlags {
  readonly output: string;
  readonly data: string;
  readonly group: number;
  readonly examples: number;
  readonly grid: number;
  readonly seed: number;
  readonly python?: string;
  readonly json?: boolean;
}

/** Adds `abtie quantize`. */
export const addQuantize: AddCommand = (program, context) => {
  program
    .command("quantize")
    .summary("quantise a model in 16 bits to 4 bits (AWQ), on prompts of a training")
    .description(
      "Quantises the weights of a model folder in 16 or 32 bits to 4 bits with AWQ, and writes a folder that vLLM serves. The scales are " +
        "searched on prompts that `abtie prepare` has made, because other texts give other scales.",
    )
    .argument("<model>", "folder of the model, for example one that `abtie merge` wrote")
    .requiredOption("-o, --output <folder>", "folder to write; it must not exist")
    .requiredOption("--data <folder>", "folder that `abtie prepare` has made")
    .option("--group <n>", "weights that share a scale; it must divide the model's sizes", wholeNumber(16), 128)
    .option("--examples <n>", "prompts on which scales are searched", wholeNumber(1), 128)
    .option("--grid <n>", "values that are tried for each scale; the time grows with it", wholeNumber(3), 20)
    .option("--seed <n>", "seed of the choice of prompts", wholeNumber(0), 0)
    .option("--python <path>", "a Python with llmcompressor (default: that of `abtie setup --train`)")
    .addOption(jsonOption())
    .addHelpText(
      "after",
      examples([
        "abtie quantize merged --data data -o merged-awq",
        "abtie quantize merged --data data --group 64 -o merged-awq",
      ]),
    )
    .action(async (model: string, flags: QuantizeFlags) => {
      const { quantize } = await import("../../commands/quantize.ts");
      const { output, data, group, examples, grid, seed, python = null } = flags;
      const settings = { method: "awq", bits: 4, group, examples, grid, seed } as const;
      const result = await quantize({ model, data, out: output, settings, python }, context);
      if (flags.json === true) printJson(context, result);
      else context.print(`quantised  ${result.out}`);
    });
};
