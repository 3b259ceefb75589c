import type { VerdictRule } from "../../calibrate/verdict-rule.ts";
import type { VerdictRules } from "../../calibrate/verdicts.ts";
import { CLASS_TEXT } from "../../classes.ts";
import type { CalibrationResult } from "../../commands/calibrate.ts";
import { leftOutTies } from "../../metrics/labels-for.ts";
import { estimateOf } from "../../report/data/from-metrics.ts";
import { loss } from "../../report/tables/table.ts";
import { count, counted, fixed, percent, withRange } from "../../report/text/number.ts";
import { CLASSES } from "../../types.ts";
import { wrapFields } from "./help-text.ts";
import { columnLines, paragraph, terminalText } from "./table.ts";

/**
 * Renders a calibration as tables for a person: the scores before and after it, and the kinds of calibration that were
 * compared. `columns` is the width of the terminal; null: no terminal.
 */
export function renderCalibration(result: CalibrationResult, columns: number | null): string {
  const { kind, rows, groups, folds, repeats, gainByRepeat, raw, calibrated, prior, gain, gainOverPrior } = result;
  const leftOut = leftOutTies(result);
  const nats = (mean: typeof raw): string => withRange(estimateOf(mean), loss);
  const lossOf = (mean: typeof raw): string => withRange(estimateOf(mean, [0, Number.POSITIVE_INFINITY]), loss);
  const parts = [
    `${counted(rows, "row")} with ${counted(groups, "prompt")}${leftOut === null ? "" : ` (${leftOut})`}, ${folds} folds that keep the rows of a prompt together, ${counted(repeats, "repeat")}`,
    columnLines(
      [
        ["", "log loss"],
        ["raw", lossOf(raw)],
        ["calibrated", lossOf(calibrated)],
        ["class prior", lossOf(prior)],
        ["gain over raw", nats(gain)],
        ["gain over the class prior", nats(gainOverPrior)],
      ],
      columns,
    ),
    columnLines(
      [
        ["kind", "log loss", "behind the best"],
        ...result.candidates.map((candidate) => [
          `${candidate.kind}${candidate.kind === kind ? " (chosen)" : ""}`,
          loss(candidate.logLoss),
          nats(candidate.behindBest),
        ]),
      ],
      columns,
    ),
    parametersOf(result),
    ...(result.verdicts === null ? [] : [verdictLines(result.verdicts, columns)]),
    paragraph(
      `Log losses are in nats. Each row is predicted by parameters that were fitted to the other folds; the losses are averaged over
${counted(repeats, "random division")} of the prompts into folds; a single division would have shown a gain over raw between ${loss(gainByRepeat.low)} and ${loss(gainByRepeat.high)}.
In brackets 95 % intervals over prompts. Chosen is the simplest kind within one standard error of the best.`,
      columns,
    ),
  ];
  return wrapFields(terminalText(parts.join("\n\n")).split("\n"), columns);
}

function verdictLines(
  { coverage, maxError, confidence, oneOrder, bothOrders }: VerdictRules,
  columns: number | null,
): string {
  const lines = (
    [
      ["one order", oneOrder],
      ["both orders", bothOrders],
    ] as const
  ).map(([name, rule]) => [name, ...(rule === null ? ["too few rows"] : ruleCells(rule))]);
  const names = CLASSES.slice(0, (oneOrder ?? bothOrders)?.least.length ?? CLASSES.length);
  return [
    columnLines(
      [["rows", ...names.map((name) => `${CLASS_TEXT[name]} from`), "accepted from", "wrong of accepted"], ...lines],
      columns,
    ),
    paragraph(
      `A class is in the set of a row when its probability is at least the number of its column, which holds the true class for
${percent(coverage)} of the rows of each class. A verdict is accepted from the probability of its column on: with ${percent(confidence)} confidence at most
${percent(maxError)} of the accepted verdicts are wrong. Half of the prompts, which the parameters were not fitted to, gave these numbers.`,
      columns,
    ),
  ].join("\n\n");
}

function ruleCells({ least, accept, accepted }: VerdictRule): readonly string[] {
  const { rows, errors, of } = accepted;
  return [
    ...least.map((p) => fixed(p, 3)),
    accept === null ? "none" : fixed(accept, 3),
    accept === null ? "every row abstains" : `${count(errors)} of ${count(rows)} (${count(of)} rows, one a prompt)`,
  ];
}

function parametersOf({ parameters: { scale, bias, first, both } }: CalibrationResult): string {
  const added = bias.map((value, index) => `${CLASS_TEXT[CLASSES[index] ?? "tie"]} ${fixed(value, 3)}`).join(", ");
  const temperature = scale === 0 ? "the readings are ignored" : `temperature ${fixed(1 / scale, 3)}`;
  return (
    `Fitted to all rows: ${temperature}; added to ${added}, to the answer shown first ` +
    `${fixed(first, 3)}; both orders multiplied by ${fixed(both, 3)}.`
  );
}
