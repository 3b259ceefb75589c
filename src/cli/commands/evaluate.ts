import { Option } from "commander";
import { evaluateTarget } from "../../commands/evaluate.ts";
import type { AddCommand } from "../add-command.ts";
import { renderEvaluation } from "../render/evaluation.ts";

/** Flags that say where labels are. */
export interface LabelFlags {
  readonly labels?: string;
  readonly truth?: "labels" | "votes";
  readonly json?: boolean;
}

/** The choice between label columns and votes. */
export function truthOption(): Option {
  return new Option(
    "--truth <source>",
    "label columns, or each row's votes as shares; default as the run has it",
  ).choices(["labels", "votes"]);
}

/** Adds `abtie evaluate`. */
export const addEvaluate: AddCommand = (program, context) => {
  program
    .command("evaluate")
    .summary("log loss and more of a run or a submission, against labels")
    .description(
      "Print log loss, accuracy, Brier score, calibration error and confusion of the probabilities as written, each with " +
        "its interval, beside the class prior; by slice; and for a run scored in both orders what swapping does.",
    )
    .argument("<run|csv>", "folder of a run, or a submission")
    .option("--labels <csv>", "labelled rows, joined by id; default the run's own input")
    .addOption(truthOption())
    .option("--json", "machine-readable result")
    .addHelpText(
      "after",
      `
Examples:
  abtie evaluate runs/demo
  abtie evaluate runs/job --labels labelled.csv --truth votes
  abtie evaluate submission.csv --labels labelled.csv --json`,
    )
    .action(async (target: string, { labels, truth, json }: LabelFlags) => {
      const evaluation = await evaluateTarget({ target, labels: labels ?? null, truth: truth ?? null }, context);
      context.print(json === true ? `${JSON.stringify(evaluation, null, 2)}\n` : `${renderEvaluation(evaluation)}\n`);
    });
};
