import { type AddCommand, printJson } from "./context.ts";
import { jsonOption, type LabelFlags, labelsOption, truthOption } from "./options.ts";

/** Adds `abtie evaluate`. */
export const addEvaluate: AddCommand = (program, context) => {
  program
    .command("evaluate")
    .summary("compute log loss and other metrics of a run or a submission, using labelled rows")
    .description(
      "Prints log loss, accuracy, Brier score and calibration error of the probabilities in the submission. Each has its 95 % " +
        "interval, and beside it the value that the class prior alone would reach. Then come the confusion matrix, and the same " +
        "scores for parts of the rows, such as short and long ones. For a run that was scored in both orders of the answers, it also prints " +
        "the effect of swapping them.",
    )
    .argument("<run|csv>", "folder of a run, or a submission")
    .addOption(labelsOption())
    .addOption(truthOption("run"))
    .addOption(jsonOption())
    .addHelpText(
      "after",
      `
Examples:
  abtie evaluate runs/demo
  abtie evaluate runs/job --labels labelled.csv --truth votes
  abtie evaluate submission.csv --labels labelled.csv --json`,
    )
    .action(async (target: string, { labels, truth, json }: LabelFlags & { readonly json?: boolean }) => {
      const { evaluateTarget } = await import("../../commands/evaluate.ts");
      const { renderEvaluation } = await import("../render/evaluation.ts");
      const evaluation = await evaluateTarget({ target, labels: labels ?? null, truth: truth ?? null }, context);
      if (json === true) printJson(context, evaluation);
      else context.print(renderEvaluation(evaluation));
    });
};
