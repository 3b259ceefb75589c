import { InvalidArgumentError } from "commander";
import { EXIT } from "../../errors.ts";
import { examples } from "../render/help-text.ts";
import { type AddCommand, printJson } from "./context.ts";
import { appendJobSummary, summaryOption } from "./job-summary.ts";
import { jsonOption, type LabelFlags, labelOptionsOf, labelsOption, truthOption } from "./options.ts";
import { columnsOption } from "./settings.ts";

interface EvaluateFlags extends LabelFlags {
  readonly against?: string;
  readonly maxLogLoss?: number;
  readonly minAccuracy?: number;
  readonly summary?: string;
  readonly json?: boolean;
}

/** Adds `abtie evaluate`. */
export const addEvaluate: AddCommand = (program, context, finish) => {
  program
    .command("evaluate")
    .summary("compute log loss and other metrics of a run or a submission, using labelled rows")
    .description(
      "Prints log loss, accuracy, Brier score and calibration error of the probabilities in the submission. Each has its 95 % " +
        "interval, and beside it the value that the class prior alone would reach. Then come the confusion matrix, and the same " +
        "scores for parts of the rows, such as short and long ones. For a run that was scored in both orders of the answers, it also prints " +
        "the effect of swapping them. With the labels of a sample it also uses the judgements of the rows without a label " +
        "(prediction-powered inference), gives the win rate of A, and says how many more labels would settle it.",
    )
    .argument("<run|csv>", "folder of a run, or a submission")
    .addOption(labelsOption())
    .addOption(truthOption("run"))
    .addOption(columnsOption("the labelled file"))
    .option(
      "--against <run|csv>",
      "another judge of the same rows: estimate the difference, and the labels that would settle it",
    )
    .option(
      "--max-log-loss <nats>",
      "exit with 6 if the log loss as written is above this; the value counts, not its interval",
      limitBelow(Number.POSITIVE_INFINITY),
    )
    .option(
      "--min-accuracy <share>",
      "exit with 6 if the accuracy as written is below this, 0 to 1; the value counts, not its interval",
      limitBelow(1),
    )
    .addOption(summaryOption())
    .addOption(jsonOption())
    .addHelpText(
      "after",
      examples([
        "abtie evaluate runs/demo",
        "abtie evaluate runs/job --labels labelled.csv --truth votes",
        ["abtie evaluate runs/a --labels sample.csv --against runs/b", "two judges, few labels"],
        "abtie evaluate submission.csv --labels labelled.csv --json",
        ["abtie evaluate runs/job --labels labelled.csv --max-log-loss 1.02 --min-accuracy 0.5", "in CI"],
      ]),
    )
    .action(async (target: string, flags: EvaluateFlags) => {
      const { against, maxLogLoss, minAccuracy, summary, json } = flags;
      const { evaluateTarget } = await import("../../commands/evaluate.ts");
      const { renderEvaluation } = await import("../render/evaluation.ts");
      const { renderEvaluationMarkdown } = await import("../../report/render-evaluation.ts");
      const limits = { maxLogLoss: maxLogLoss ?? null, minAccuracy: minAccuracy ?? null };
      const labels = await labelOptionsOf(flags);
      const result = await evaluateTarget({ target, ...labels, against: against ?? null, ...limits }, context);
      const { thresholds } = result;
      if (json === true) printJson(context, result);
      else context.print(renderEvaluation(result, context.columns));
      for (const { isMet, sentence } of thresholds) {
        context.printToStderr(`threshold ${isMet ? "met" : "missed"}: ${sentence}`);
      }
      await appendJobSummary(renderEvaluationMarkdown(result, thresholds), summary, context);
      if (thresholds.some(({ isMet }) => !isMet)) finish(EXIT.threshold);
    });
};

function limitBelow(most: number): (text: string) => number {
  return (text) => {
    const value = text.trim() === "" ? Number.NaN : Number(text);
    if (value >= 0 && value <= most && Number.isFinite(value)) return value;
    throw new InvalidArgumentError(`expected a number from 0${most === 1 ? " to 1" : ""}, such as 0.5.`);
  };
}
