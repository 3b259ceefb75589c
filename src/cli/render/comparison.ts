import type { Comparison } from "../../compare/conclude.ts";
import { LABELS_FIELD, prefixCacheText } from "../../compare/report-data.ts";
import type { AgreementData, ComparisonData } from "../../report/data/comparison-data.ts";
import { crossTable, disagreementTable, verdictTable } from "../../report/tables/agreement-tables.ts";
import { hasLabelMass, variantCosts, variantScores } from "../../report/tables/comparison-tables.ts";
import { loss } from "../../report/tables/table.ts";
import { agreementSentence, agreementVerdict } from "../../report/text/agreement-verdict.ts";
import { comparisonVerdict, raceSentences, stoppingSentence } from "../../report/text/comparison-verdict.ts";
import { counted, probability, small } from "../../report/text/number.ts";
import { wrapFields } from "./help-text.ts";
import { paragraph, tableLines, terminalText, transposedLines } from "./table.ts";

type Report = Comparison["report"];

/**
 * Renders a comparison for a person: a table with one column for each variant, then one sentence for each pair.
 * Intervals are 95 %. In a terminal with too few `columns` the variants stand below each other; null: no terminal.
 */
export function renderComparisonTable({ report }: Comparison, columns: number | null): string {
  const { rows, groups } = report;
  const by = report.kind === "scores" && report.race !== null ? "every variant that was not dropped" : "every variant";
  const head = `${counted(rows, "row")} with ${counted(groups, "prompt")}, answered by ${by}`;
  const parts = [head, ...(report.kind === "scores" ? scoreParts(report, columns) : agreementParts(report, columns))];
  return wrapFields(terminalText(parts.join("\n\n")).split("\n"), columns);
}

function scoreParts(report: ComparisonData, columns: number | null): readonly string[] {
  const { pairs, stopping, race, noiseFloor } = report;
  return [
    transposedLines([variantScores(report), variantCosts(report)], columns),
    `Class prior: log loss ${loss(report.priorLogLoss)} without reading a row.`,
    ...(race !== null
      ? [[comparisonVerdict(report).sentence, ...raceSentences(race)].join("\n")]
      : stopping === null
        ? []
        : [stoppingSentence(stopping)]),
    pairs.map(({ sentence, measure, adjustedP }) => `${sentence}.${pText(adjustedP)} [${measure}]`).join("\n"),
    report.agreement.map((pair) => `${agreementSentence(pair)}.`).join("\n"),
    [noiseLine(noiseFloor), cacheLine(report)].join("\n"),
    paragraph(definitions(report), columns),
  ];
}

/** Number of rows that the terminal lists for each pair; the page lists more. */
const LISTED = 5;

function agreementParts(report: AgreementData, columns: number | null): readonly string[] {
  const { agreement, variants, facts } = report;
  return [
    ...facts.filter(({ name }) => name === LABELS_FIELD).map(({ name, value }) => `${name}: ${value}.`),
    transposedLines([verdictTable(variants), variantCosts(report)], columns),
    agreement.map((pair) => `${agreementSentence(pair)}.`).join("\n"),
    ...agreement.map((pair) => `${crossTable(pair).caption}:\n${tableLines(crossTable(pair), columns)}`),
    ...agreement
      .filter(({ most }) => most.length > 0)
      .map((pair) => disagreementTable({ ...pair, most: pair.most.slice(0, LISTED) }))
      .map((table) => `${table.caption}:\n${tableLines(table, columns)}`),
    cacheLine(report),
    agreementVerdict(report).also.join(" "),
    paragraph(agreementDefinitions(report), columns),
  ];
}

function agreementDefinitions({ variants }: AgreementData): string {
  return `In brackets 95 % intervals${massDefinition(variants)}. Verdict: the most probable class. Kappa: agreement beyond
chance, 1 is perfect and 0 is chance. Distance: half the sum of the absolute differences of the probabilities. Seconds a row:
the engine's time, divided among the variants by the tokens that it had to compute.`;
}

function massDefinition(variants: Report["variants"]): string {
  if (!hasLabelMass(variants)) return "";
  const none = variants.some(({ mass }) => mass === null) ? " (a judge that knows only its classes has none)" : "";
  return `; of the label mass the 5th percentile${none}`;
}

function cacheLine({ prefixCache }: Report): string {
  return `Prefix cache: ${prefixCache === null ? "not measured; the server does not report it" : prefixCacheText(prefixCache)}.`;
}

function definitions({ variants }: ComparisonData): string {
  return `In brackets 95 % intervals${massDefinition(variants)}; of the ECE that of a perfectly calibrated judge.
Log loss in nats; calibrated means out of fold, each row by parameters fitted to other prompts. Accuracy, Brier score, ECE
and the gain over the prior are of the calibrated probabilities where there are some. Seconds a row: the engine's time,
divided among the variants by the tokens that it had to compute.`;
}

function noiseLine(noiseFloor: number | null): string {
  if (noiseFloor === null) return "Noise floor: not measured.";
  if (noiseFloor === 0) return "Noise floor: none; scoring a sample again, in other batches, gave the same numbers.";
  return `Noise floor: scoring the same rows again changes the log loss by up to ${small(noiseFloor)} nats.`;
}

function pText(p: number | null): string {
  if (p === null) return "";
  return p < 0.001 ? ` p ${probability(p)}.` : ` p = ${probability(p)}.`;
}
