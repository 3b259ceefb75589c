import type { Comparison } from "../../compare/conclude.ts";
import { prefixCacheText } from "../../compare/report-data.ts";
import { variantCosts, variantScores } from "../../report/tables/comparison-tables.ts";
import { loss } from "../../report/tables/table.ts";
import { stoppingSentence } from "../../report/text/comparison-verdict.ts";
import { counted, probability, small } from "../../report/text/number.ts";
import { terminalText, transposedLines } from "./table.ts";

type Report = Comparison["report"];

/**
 * Renders a comparison for a person: a table with one column for each variant, then one sentence for each pair.
 * Intervals are 95 %.
 */
export function renderComparisonTable({ report }: Comparison): string {
  const { rows, groups, pairs, stopping, noiseFloor, prefixCache } = report;
  const parts = [
    `${counted(rows, "row")} with ${counted(groups, "prompt")}, answered by every variant`,
    transposedLines([variantScores(report), variantCosts(report)]),
    `Class prior: log loss ${loss(report.priorLogLoss)} without reading a row.`,
    ...(stopping === null ? [] : [stoppingSentence(stopping)]),
    pairs.map(({ sentence, measure, adjustedP }) => `${sentence}.${pText(adjustedP)} [${measure}]`).join("\n"),
    [
      noiseLine(noiseFloor),
      `Prefix cache: ${prefixCache === null ? "not measured; the server does not report it" : prefixCacheText(prefixCache)}.`,
    ].join("\n"),
    DEFINITIONS,
  ];
  return terminalText(parts.join("\n\n"));
}

const DEFINITIONS = `In brackets 95 % intervals; of the label mass the 5th percentile, of the ECE that of a perfectly calibrated judge.
Log loss in nats; calibrated means out of fold, each row by parameters fitted to other prompts. Accuracy, Brier score, ECE
and the gain over the prior are of the calibrated probabilities where there are some. Seconds a row: the engine's time,
divided among the variants by the tokens that it had to compute.`;

function noiseLine(noiseFloor: number | null): string {
  if (noiseFloor === null) return "Noise floor: not measured.";
  if (noiseFloor === 0) return "Noise floor: none; scoring a sample again, in other batches, gave the same numbers.";
  return `Noise floor: scoring the same rows again changes the log loss by up to ${small(noiseFloor)} nats.`;
}

function pText(p: Report["pairs"][number]["adjustedP"]): string {
  if (p === null) return "";
  return p < 0.001 ? ` p ${probability(p)}.` : ` p = ${probability(p)}.`;
}
