import { basename } from "node:path";
import type { PoweredEvaluation } from "../../evaluate/powered.ts";
import type { SettledEstimate } from "../../metrics/few-labels.ts";
import type { PoweredEstimate } from "../../stats/prediction-powered.ts";
import { estimateOf, intervalOf } from "./from-metrics.ts";
import type { FewLabelsData, FewLabelsLine, FewLabelsQuestion } from "./run-data.ts";

/** Turns an evaluation with few labels into what the page, the Markdown and the terminal show. */
export function fewLabelsOf({ scores, difference }: PoweredEvaluation): FewLabelsData {
  const { logLoss, accuracy, winRate } = scores;
  const other = difference === null ? null : basename(difference.against);
  return {
    labels: logLoss.labels,
    of: logLoss.of,
    lines: [
      line("log loss", "nats", logLoss, [0, Number.POSITIVE_INFINITY]),
      line("accuracy", "share", accuracy, [0, 1]),
      line("win rate of A", "share", winRate, [0, 1]),
      ...(difference === null
        ? []
        : [
            line(`log loss minus that of ${other}`, "nats", difference.logLoss),
            line(`accuracy of ${other} minus this`, "share", difference.accuracy),
          ]),
    ],
    questions: [
      questionOf("win rate of A", "win-rate", winRate),
      ...(difference === null
        ? []
        : [
            questionOf(other ?? "", "log-loss", difference.logLoss),
            questionOf(other ?? "", "accuracy", difference.accuracy),
          ]),
    ],
  };
}

function line(
  name: string,
  unit: FewLabelsLine["unit"],
  powered: PoweredEstimate,
  range?: readonly [number, number],
): FewLabelsLine {
  const { labelsOnly, mean, error, labels } = powered;
  const [alone, together] = [labelsOnly.error?.standardError ?? 0, error?.standardError ?? 0];
  return {
    name,
    unit,
    labelsOnly: estimateOf(labelsOnly, range),
    powered: intervalOf(mean, error?.interval ?? null, range),
    worth: together === 0 ? null : Math.max(labels, Math.round(labels * (alone / together) ** 2)),
  };
}

function questionOf(
  name: string,
  kind: FewLabelsQuestion["kind"],
  { mean, against, isSettled, moreLabels }: SettledEstimate,
): FewLabelsQuestion {
  return { name, kind, side: isSettled ? (mean > against ? "above" : "below") : null, moreLabels };
}
