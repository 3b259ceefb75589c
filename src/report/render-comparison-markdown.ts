import type { ComparisonData, Pair, Variant } from "./data/comparison-data.ts";
import {
  bold,
  bullets,
  code,
  columnsOf,
  eceText,
  estimateText,
  heading,
  Markdown,
  markdownDocument,
  markdownTable,
  plain,
} from "./markdown/markdown.ts";
import { loss, share } from "./sections/table.ts";
import { comparisonVerdict } from "./text/comparison-verdict.ts";
import { count, duration, fixed, massText, NONE, probability, signed } from "./text/number.ts";

/** Renders a comparison as Markdown for a pull request: verdict, warnings, variants, one sentence a pair, what was run. */
export function renderComparisonMarkdown(data: ComparisonData): string {
  const { sentence, also } = comparisonVerdict(data);
  return markdownDocument([
    heading(2, `Comparison ${data.name}`),
    bold(sentence),
    plain(also.join(" ")),
    bullets(data.warnings),
    variantTable(data.variants),
    bullets(data.pairs.map(({ sentence }) => `${sentence}.`)),
    ...(data.pairs.length > 0 ? [pairTable(data.pairs)] : []),
    heading(3, "What was run"),
    bullets([...data.facts.map(({ name, value }) => `${name}: ${value}`), data.program]),
    ...(data.notes.length > 0 ? [heading(3, "Definitions"), bullets(data.notes)] : []),
  ]);
}

function variantTable(variants: readonly Variant[]): Markdown {
  const scores = [
    "Log loss, raw",
    "Log loss, calibrated",
    "Gain over the class prior",
    "Accuracy",
    "Brier score",
    "ECE",
  ];
  const costs = [
    "Label mass (5th percentile)",
    "Flip rate",
    "Position bias",
    "Tokens a row",
    "Seconds a row",
    "Job",
    "Fits",
  ];
  const rows = variants.map((variant) => {
    const { accuracy, brier, ece, eceWhenCalibrated } = variant.calibrated ?? variant.raw;
    return [
      code(variant.name),
      ...[estimateText(variant.raw.logLoss, loss), estimateText(variant.calibrated?.logLoss ?? null, loss)],
      estimateText(variant.gainOverPrior, (value) => signed(value, 3)),
      ...[estimateText(accuracy, share), estimateText(brier, loss), eceText(ece, eceWhenCalibrated)],
      variant.mass === null ? NONE : `${massText(variant.mass.median)} (${massText(variant.mass.p5)})`,
      estimateText(variant.flipRate, share),
      signed(variant.positionBias, 3),
      ...[count(variant.tokensPerRow), fixed(variant.secondsPerRow, 3), duration(variant.jobMs)],
      variant.fits === null ? NONE : variant.fits ? "yes" : "no",
    ];
  });
  return markdownTable(columnsOf("Variant", [...scores, ...costs]), rows);
}

function pairTable(pairs: readonly Pair[]): Markdown {
  const columns = columnsOf("Pair", ["Difference, nats", "p", "p adjusted", "McNemar p"]);
  const rows = pairs.map(({ first, second, difference, p, adjustedP, mcnemarP }) => [
    new Markdown(`${code(first).text} minus ${code(second).text}`),
    estimateText(difference, (value) => signed(value, 3)),
    ...[probability(p), probability(adjustedP), probability(mcnemarP)],
  ]);
  return markdownTable(columns, rows);
}
