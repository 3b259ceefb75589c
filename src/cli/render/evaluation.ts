import type { SubjectEvaluation } from "../../evaluate/evaluation.ts";
import { formatCount, formatMass, formatSignificant, plural } from "../../format.ts";
import { columns } from "./columns.ts";
import { decimal, nats, percentNumber, share } from "./estimates.ts";

/** Renders an evaluation as tables for a person. Intervals are 95 %. */
export function renderEvaluation(evaluation: SubjectEvaluation): string {
  const parts = [
    headline(evaluation),
    scoreTable(evaluation),
    againstPrior(evaluation),
    confusionTable(evaluation),
    readingLines(evaluation),
    ...evaluation.slices.map(sliceTable),
    DEFINITIONS,
  ];
  return parts.filter((part) => part !== "").join("\n\n");
}

const DEFINITIONS = `In brackets 95 % intervals: the bootstrap over prompts, since rows that share a prompt are not independent.
Log loss in nats. ECE of the predicted class, bins of equal mass; beside it what a perfectly calibrated judge would show.`;

function headline({ subject, labels, rows, groups, priorRows, warnings }: SubjectEvaluation): string {
  const source = labels.source === "votes" ? "votes" : "labels";
  const prior =
    priorRows === null || priorRows === 0
      ? ""
      : `\n${plural(priorRows, "row")} ${priorRows === 1 ? "holds" : "hold"} the prior`;
  const head = `${subject}\n${plural(rows, "row")} with ${plural(groups, "prompt")}, ${source} of ${labels.file}${prior}`;
  return [head, ...warnings.map((text) => `Mind: ${text}.`)].join("\n");
}

function scoreTable({ scores }: SubjectEvaluation): string {
  const written = scores[0]?.evaluation;
  const lines = scores.map(({ name, rows, evaluation: { logLoss, accuracy, brier, calibration } }) => [
    name,
    formatCount(rows),
    nats(logLoss),
    share(accuracy),
    nats(brier),
    `${decimal(calibration.ece)} (${decimal(calibration.whenCalibrated)})`,
  ]);
  return columns([
    ["", "rows", "log loss", "accuracy", "Brier score", "ECE"],
    ...lines,
    ...(written === undefined ? [] : [["class prior", "", decimal(written.prior.logLoss)]]),
    ["uniform", "", decimal(Math.log(3))],
  ]);
}

function againstPrior({ scores }: SubjectEvaluation): string {
  const gain = scores[0]?.evaluation.prior.gain;
  if (gain === undefined) return "";
  const { mean, error } = gain;
  const by = `${decimal(Math.abs(mean))} nats`;
  if (error === null)
    return `Against the class prior: ${mean < 0 ? "worse" : "better"} by ${by}; too few prompts for an interval.`;
  const { low, high } = error.interval;
  const ends = mean < 0 ? `${decimal(-high)} to ${decimal(-low)}` : `${decimal(low)} to ${decimal(high)}`;
  const verdict =
    low > 0 ? "better by" : high < 0 ? "worse by" : `not told apart from it: ${mean < 0 ? "worse" : "better"} by`;
  return `Against the class prior: ${verdict} ${by} (${ends}).`;
}

function confusionTable({ scores }: SubjectEvaluation): string {
  const confusion = scores[0]?.evaluation.confusion;
  if (confusion === undefined) return "";
  const weight = (value: number): string => formatCount(value, 1);
  return columns([
    ["truth, said:", "A", "B", "tie"],
    ...["A", "B", "tie"].map((name, place) => [name, ...(confusion[place] ?? []).map(weight)]),
  ]);
}

function readingLines({ mass, swap }: SubjectEvaluation): string {
  const lines: string[] = [];
  if (mass !== null) {
    const { median, low, smallest, rows } = mass;
    lines.push(
      `Label mass: median ${formatMass(median)}, 5th percentile ${formatMass(low)}, smallest ${formatSignificant(smallest)}, ${plural(rows, "row")}.`,
    );
  }
  if (swap !== null) {
    const { pairs, flipRate, flipInterval, towardFirst, towardSecond, positionBias, logOddsShift } = swap;
    const ends = `${percentNumber(flipInterval.low)} to ${percentNumber(flipInterval.high)}`;
    lines.push(
      `Both orders, ${plural(pairs, "row")}: the verdict flips in ${percentNumber(flipRate)} % (${ends}), ${formatCount(towardFirst)} towards the answer ` +
        `shown first and ${formatCount(towardSecond)} towards the second: position bias ${decimal(positionBias)}.`,
      `Being shown first moves the log odds by ${nats(logOddsShift)}.`,
    );
  }
  return lines.join("\n");
}

function sliceTable({ name, parts }: SubjectEvaluation["slices"][number]): string {
  return columns([
    [name, "rows", "log loss", "accuracy", "ECE"],
    ...parts.map(({ key, rows, result: { logLoss, accuracy, calibration } }) => [
      `  ${key}`,
      formatCount(rows),
      nats(logLoss),
      share(accuracy),
      `${decimal(calibration.ece)} (${decimal(calibration.whenCalibrated)})`,
    ]),
  ]);
}
