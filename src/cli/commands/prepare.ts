import { Option } from "commander";
import type { FoldsBy } from "../../training/folds.ts";
import { examples } from "../render/help-text.ts";
import { renderPrepared } from "../render/prepared.ts";
import { type AddCommand, printJson } from "./context.ts";
import {
  type ConfigFlags,
  jsonOption,
  judgeOption,
  openJudgeConfig,
  WITHOUT_OUTPUT,
  wholeNumber,
  withConfigFlags,
} from "./options.ts";

interface PrepareFlags extends ConfigFlags {
  readonly output: string;
  readonly foldsBy: FoldsBy;
  readonly folds: number;
  readonly heldOut: number;
  readonly extra?: readonly string[];
  readonly teacher?: string;
  readonly judge?: string;
  readonly json?: boolean;
}

/** Adds `abtie prepare`. */
export const addPrepare: AddCommand = (program, context) => {
  const command = program
    .command("prepare")
    .summary("turn labelled rows into training examples, with the prompts that `run` sends")
    .description(
      "Turns the labelled rows of a job into examples for a training program: token ids of the prompts as `run` sends them, in both orders " +
        "of the answers, with the probabilities to be learned and the fold of each row. Needs the model's tokenizer folder, and no server.",
    )
    .requiredOption("-o, --output <folder>", "folder to write; it must not exist")
    .addOption(
      new Option(
        "--folds-by <way>",
        "prompt: rows with the same prompt stay together, and each class is spread evenly; position: row number modulo the number of folds; none: hold nothing out",
      )
        .choices(["prompt", "position", "none"])
        .default("prompt"),
    )
    .addOption(new Option("--folds <n>", "number of folds").argParser(wholeNumber(2)).default(5))
    .addOption(new Option("--held-out <fold>", "the fold that is not trained on").argParser(wholeNumber(0)).default(0))
    .option(
      "--extra <file>",
      "append the rows of this file whose prompt no earlier file has; may be repeated",
      (file: string, earlier: readonly string[] = []) => [...earlier, file],
    )
    .option("--teacher <run>", "learn the probabilities of this run instead of the labels")
    .addOption(judgeOption())
    .addOption(jsonOption());
  withConfigFlags(command, WITHOUT_OUTPUT)
    .addHelpText(
      "after",
      examples([
        "abtie prepare job.yaml -o data",
        "abtie prepare job.yaml -o data --extra more.csv --orders one --folds-by position",
      ]),
    )
    .action(async (argument: string | undefined, flags: PrepareFlags) => {
      const { prepare } = await import("../../commands/prepare.ts");
      const { output, foldsBy, folds, heldOut, extra = [], teacher = null } = flags;
      // -o names the folder of the examples, and no submission.
      const { output: _output, ...configFlags } = flags;
      const config = await openJudgeConfig(argument, configFlags, context);
      const prepared = await prepare(config, { out: output, foldsBy, folds, heldOut, extra, teacher }, context);
      if (flags.json === true) printJson(context, prepared);
      else context.print(renderPrepared(prepared));
    });
};
