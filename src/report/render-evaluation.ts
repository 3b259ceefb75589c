import { basename } from "node:path";
import type { SubjectEvaluation } from "../evaluate/evaluation.ts";
import type { Threshold } from "../evaluate/thresholds.ts";
import { fewLabelsOf } from "./data/few-labels.ts";
import { baselinesOf, scoresOf } from "./data/from-metrics.ts";
import { bold, bullets, heading, markdownDocument, markdownTable, plain } from "./markup/markdown.ts";
import { fewLabelsSentences, fewLabelsTable } from "./tables/few-labels-table.ts";
import { scoreTable } from "./tables/run-tables.ts";
import { counted } from "./text/number.ts";
import { againstBaseline } from "./text/verdict.ts";

/** Renders an evaluation as Markdown for the summary of a CI job: thresholds, scores, and the class prior beside them. */
export function renderEvaluationMarkdown(evaluation: SubjectEvaluation, thresholds: readonly Threshold[]): string {
  const { subject, rows, groups, labels, scores, powered, warnings } = evaluation;
  const fewLabels = powered === null ? null : fewLabelsOf(powered);
  const [written] = scores;
  const baselines = written === undefined ? [] : baselinesOf(written.evaluation);
  const [prior] = baselines;
  return markdownDocument([
    heading(2, `Evaluation of ${basename(subject)}`),
    ...thresholds.map(({ isMet, sentence }) => bold(`${isMet ? "Threshold met" : "Threshold missed"}: ${sentence}.`)),
    plain(`${counted(rows, "row")} with ${counted(groups, "prompt")}, ${labels.source} of ${basename(labels.file)}.`),
    ...(prior === undefined ? [] : [plain(`As written, the judge is ${againstBaseline(prior).sentence}.`)]),
    bullets(warnings.map((text) => `${text}.`)),
    markdownTable(
      scoreTable(
        scores.map((one) => scoresOf(one.name, one.evaluation)),
        baselines,
      ),
    ),
    ...(fewLabels === null ? [] : [markdownTable(fewLabelsTable(fewLabels)), bullets(fewLabelsSentences(fewLabels))]),
  ]);
}
