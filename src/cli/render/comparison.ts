import type { Comparison } from "../../compare/conclude.ts";
import { prefixCacheText } from "../../compare/report-data.ts";
import { formatCount, formatDuration, formatMass, formatSignificant, plural } from "../../format.ts";
import { columns } from "./columns.ts";
import { decimal, percentNumber } from "./estimates.ts";

type Report = Comparison["report"];
type Variant = Report["variants"][number];
type Estimate = Variant["raw"]["logLoss"];

/** Renders a comparison for a person: a column for each variant, then a sentence for each pair. Intervals are 95 %. */
export function renderComparisonTable({ report }: Comparison): string {
  const { pairs, stopping, noiseFloor } = report;
  return [
    `${plural(report.rows, "row")} with ${plural(report.groups, "prompt")}, answered by every variant`,
    columns(tableOf(report)),
    `Class prior: log loss ${decimal(report.priorLogLoss)} without reading a row.`,
    ...(stopping === null ? [] : [stoppingLine(stopping)]),
    pairs.map(({ sentence, measure, adjustedP }) => `${sentence}.${pText(adjustedP)} [${measure}]`).join("\n"),
    [noiseLine(noiseFloor), prefixCacheLine(report)].join("\n"),
    DEFINITIONS,
  ].join("\n\n");
}

const DEFINITIONS = `In brackets 95 % intervals; of the label mass the 5th percentile, of the ECE what a perfectly calibrated judge would show.
Log loss in nats; calibrated means out of fold, each row by what was fitted to other prompts. Accuracy, Brier score, ECE
and the gain over the class prior are of the calibrated probabilities where there are some. Seconds a row: the engine's time,
shared out by the tokens that it had to compute.`;

function tableOf({ variants, job }: Report): readonly (readonly string[])[] {
  const line = (name: string, cell: (variant: Variant) => string): readonly string[] => [name, ...variants.map(cell)];
  const judged = ({ raw, calibrated }: Variant): Variant["raw"] => calibrated ?? raw;
  const swapped = variants.some(({ flipRate }) => flipRate !== null);
  const seconds = ({ secondsPerRow }: Variant): string => secondsPerRow.toPrecision(3);
  return [
    line("", ({ name }) => name),
    line("log loss, raw", ({ raw }) => estimate(raw.logLoss, decimal)),
    line("log loss, calibrated", ({ calibrated }) =>
      calibrated === null ? "-" : estimate(calibrated.logLoss, decimal),
    ),
    line("gain over the prior", ({ gainOverPrior }) => estimate(gainOverPrior, decimal)),
    line("accuracy", (variant) => estimate(judged(variant).accuracy, percentNumber, " %")),
    line("Brier score", (variant) => estimate(judged(variant).brier, decimal)),
    line("ECE", (variant) => {
      const { ece, eceWhenCalibrated } = judged(variant);
      return eceWhenCalibrated === null ? decimal(ece) : `${decimal(ece)} (${decimal(eceWhenCalibrated)})`;
    }),
    line("label mass", ({ mass }) =>
      mass === null ? "unknown" : `${formatMass(mass.median)} (${formatMass(mass.p5)})`,
    ),
    ...(swapped
      ? [
          line("flip rate", ({ flipRate }) => (flipRate === null ? "-" : estimate(flipRate, percentNumber, " %"))),
          line("position bias", ({ positionBias }) => (positionBias === null ? "-" : decimal(positionBias))),
        ]
      : []),
    line("tokens a row", ({ tokensPerRow }) => formatCount(tokensPerRow)),
    line("seconds a row", seconds),
    line(plural(job.rows, "row"), ({ jobMs, fits }) => `${formatDuration(jobMs)}${fitsText(fits, job.deadlineMs)}`),
  ];
}

function estimate({ value, low, high }: Estimate, format: (value: number) => string, unit = ""): string {
  return `${format(value)}${unit}${low === null || high === null ? "" : ` (${format(low)} to ${format(high)})`}`;
}

function fitsText(fits: boolean | null, deadlineMs: number | null): string {
  if (fits === null || deadlineMs === null) return "";
  return fits ? `, fits ${formatDuration(deadlineMs)}` : `, does not fit ${formatDuration(deadlineMs)}`;
}

function noiseLine(noiseFloor: number | null): string {
  if (noiseFloor === null) return "Noise floor: not measured.";
  if (noiseFloor === 0) return "Noise floor: none; scoring a sample again, in other batches, gave the same numbers.";
  return `Noise floor: scoring the same rows again changes the log loss by up to ${formatSignificant(noiseFloor)} nats.`;
}

function prefixCacheLine({ prefixCache }: Report): string {
  return `Prefix cache: ${prefixCache === null ? "not measured; the server does not tell" : prefixCacheText(prefixCache)}.`;
}

function pText(p: number | null): string {
  if (p === null) return "";
  return ` p ${p < 0.001 ? "< 0.001" : `= ${p.toFixed(3)}`}.`;
}

function stoppingLine({ stoppedAt, available }: NonNullable<Report["stopping"]>): string {
  return stoppedAt === null
    ? `Early stopping: the answer is not certain after all that was scored of ${plural(available, "row")}.`
    : `Early stopping: ended after ${formatCount(stoppedAt)} of ${plural(available, "row")}.`;
}
