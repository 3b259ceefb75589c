import { basename } from "node:path";
import type { PoweredEvaluation } from "../../evaluate/powered.ts";
import type { SettledEstimate } from "../../metrics/few-labels.ts";
import type { PoweredEstimate } from "../../stats/prediction-powered.ts";
import { estimateOf, intervalOf } from "./from-metrics.ts";
import type { Estimate } from "./run-data.ts";

/** What the labels of some rows and the judgements of all rows say together. */
export interface FewLabelsData {
  /** Number of labelled rows, and of all rows. */
  readonly labels: number;
  readonly of: number;
  readonly lines: readonly FewLabelsLine[];
  /** The questions that labels settle. */
  readonly questions: readonly FewLabelsQuestion[];
}

/** One mean, by the labels alone and with the judgements of all rows. */
export interface FewLabelsLine {
  readonly name: string;
  /** The unit: nats, or a share from 0 to 1 (a difference of shares lies between -1 and 1). */
  readonly unit: "nats" | "share";
  readonly labelsOnly: Estimate;
  readonly powered: Estimate;
  /** Number of labels that would be as precise without the judgements; null when unknown. */
  readonly worth: number | null;
}

/** Whether a mean lies above or below a number, and how many more labels would tell. */
export interface FewLabelsQuestion {
  readonly name: string;
  readonly kind: "win-rate" | "log-loss" | "accuracy";
  /** The side on which the whole interval lies; null while that is open. */
  readonly side: "above" | "below" | null;
  /** Further labels that would settle it: with the judgements, and by labels alone; null when labels of all rows would not. */
  readonly moreLabels: SettledEstimate["moreLabels"];
}

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
