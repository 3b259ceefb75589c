import { InvalidArgumentError } from "commander";
import type { SampleResult } from "../../commands/sample.ts";
import { formatCount, formatSignificant, plural, quoteForShell } from "../../format.ts";
import { examples, wrapFields } from "../render/help-text.ts";
import { type AddCommand, printJson } from "./context.ts";
import { jsonOption, wholeNumber } from "./options.ts";
import { type ConfigSetting, columnsFrom, columnsOption } from "./settings.ts";

interface SampleFlags {
  readonly rows: number;
  readonly output: string;
  readonly input?: string;
  readonly uniform: number;
  readonly seed?: number;
  readonly set?: readonly ConfigSetting[];
  readonly force?: boolean;
  readonly json?: boolean;
}

/** Adds `abtie sample`. */
export const addSample: AddCommand = (program, context) => {
  program
    .command("sample")
    .summary("write the rows that are most worth labelling, with their inclusion probabilities")
    .description(
      "Draws rows from one or more runs and writes them with their texts to a file in which a person labels. Rows of which the " +
        "runs are uncertain, or on which they disagree, are drawn more often; a part of the sample is drawn from all rows alike. " +
        "Each row has the probability with which it came into the sample, and `abtie evaluate --labels` weights the rows by it, " +
        "so that the scores are those of all rows. The file holds no answer of the runs, because a person who sees one is led by it.",
    )
    .argument("<run...>", "folders of runs or comparisons, or submissions, of the same rows")
    .requiredOption("-o, --output <file>", "sample to write: .csv, .jsonl or .parquet")
    .option("-n, --rows <n>", "number of rows to draw", wholeNumber(1), 200)
    .option("-i, --input <file>", "file with the texts (default: the input of the first run)")
    .addOption(columnsOption("the file with the texts, or of the sample"))
    .option("--uniform <share>", "share of the sample that is drawn from all rows alike, above 0 to 1", share, 0.5)
    .option("--seed <n>", "seed of the draw (default: the seed of the first run)", wholeNumber(0))
    .option("--force", "replace the output if it exists, with the labels that may be in it")
    .addOption(jsonOption())
    .addHelpText(
      "after",
      examples([
        "abtie sample runs/rules runs/notebook -n 200 -o sample.csv",
        ["abtie sample runs/compared -o sample.csv", "all variants of a comparison"],
        ["abtie evaluate runs/rules --labels sample.csv", "after the labels are filled in, as the first command says"],
      ]),
    )
    .action(
      async (
        targets: readonly string[],
        { rows, output, input, uniform, seed, force, json, ...flags }: SampleFlags,
      ) => {
        const { sample } = await import("../../commands/sample.ts");
        const options = {
          targets,
          rows,
          output,
          input: input ?? null,
          uniform,
          seed: seed ?? null,
          force: force ?? false,
          columns: await columnsFrom(flags),
        };
        const result = await sample(options, context);
        if (json === true) printJson(context, result);
        else context.print(wrapFields(renderSample(result), context.columns));
      },
    );
};

function renderSample({ file, rows, of, inclusion, judge, labelOrder }: SampleResult): readonly string[] {
  const { smallest, largest } = inclusion;
  return [
    `${plural(rows, "row")} of ${formatCount(of)} in ${file}, inclusion probabilities ${formatSignificant(smallest)} to ${formatSignificant(largest)}`,
    `${labelOrder} of every row, and keep the other columns. Then: abtie evaluate ${quoteForShell(judge)} --labels ${quoteForShell(file)}`,
  ];
}

function share(text: string): number {
  const value = Number(text);
  if (!(value > 0 && value <= 1))
    throw new InvalidArgumentError("expected a share above 0 and at most 1, such as 0.5.");
  return value;
}
