import { basename } from "node:path";
import type { Dataset } from "../dataset/open-dataset.ts";
import { AbtieError } from "../errors.ts";
import { formatPercent, parseDuration, plural } from "../format.ts";
import { modelName } from "../judge/model-name.ts";
import { verdictShares } from "../metrics/accuracy.ts";
import { classPrior } from "../metrics/class-prior.ts";
import type {
  ComparisonData,
  Pair,
  PrefixCache,
  VariantResult as ReportedVariant,
  Stopping,
  VariantBase,
} from "../report/data/comparison-data.ts";
import { estimateOf, intervalOf, positionOf, scoresOf } from "../report/data/from-metrics.ts";
import type { Field } from "../report/data/run-data.ts";
import type { Assessment } from "./assess.ts";
import type { Measured } from "./measure.ts";
import type { VariantRun } from "./variant-run.ts";

/** The job for which the report forecasts the duration. */
export type TargetJob = ComparisonData["job"];

/**
 * Reads the time that the job may take from --deadline, else from the config's deadline if that is a duration. Throws
 * AbtieError("config") when --deadline is not a duration.
 */
export function targetJobOf(rows: number, deadline: string | null, configured: string | null): TargetJob {
  if (deadline === null) return { rows, deadlineMs: configured === null ? null : parseDuration(configured) };
  const deadlineMs = parseDuration(deadline);
  if (deadlineMs !== null) return { rows, deadlineMs };
  throw new AbtieError(
    "config",
    `--deadline of a comparison is the time that the job may take, such as "9h", but is "${deadline}": give a duration`,
  );
}

/** Returns the report's numbers of one variant that need no labels. */
export function reportedBase(measured: Measured, job: TargetJob): VariantBase {
  const { name, written, mass, swap, changed, tokensPerRow, secondsPerRow, startUpSeconds } = measured;
  const position = swap === null ? null : positionOf(swap);
  const jobMs = 1000 * ((startUpSeconds ?? 0) + job.rows * secondsPerRow);
  return {
    name,
    verdicts: verdictShares(written),
    meanProbabilities: classPrior(written),
    mass: mass === null ? null : { median: mass.median, p5: mass.low },
    flipRate: position?.flipRate ?? null,
    positionBias: position === null ? null : position.towardFirst - position.towardSecond,
    rescored: changed === null ? null : { rows: changed.rows, changed: intervalOf(changed.share, changed.interval) },
    tokensPerRow,
    secondsPerRow,
    jobMs,
    fits: job.deadlineMs === null ? null : jobMs <= job.deadlineMs,
  };
}

/** Returns the report's numbers of one variant. */
export function reportedVariant(assessment: Assessment, job: TargetJob): ReportedVariant {
  const { raw, calibrated } = assessment;
  return {
    ...reportedBase(assessment, job),
    raw: scoresOf("raw", raw.evaluation),
    calibrated: calibrated === null ? null : scoresOf("calibrated", calibrated.evaluation),
    gainOverPrior: estimateOf((calibrated ?? raw).evaluation.prior.gain),
  };
}

/** Lists the fields at the top of the report: data, engines, variants, settings. */
export function comparisonFields(
  runs: readonly [VariantRun, ...VariantRun[]],
  {
    rows,
    labelled,
    prefixCache,
  }: { readonly rows: number; readonly labelled: boolean; readonly prefixCache: PrefixCache | null },
): readonly Field[] {
  const [{ config: shared, dataset }] = runs;
  const engines = [...new Set(runs.map(({ config }) => `${config.engine.name}, ${modelName(config.engine)}`))];
  return [
    {
      name: "Data",
      value: `${basename(dataset.path)}, ${plural(rows, "row")}, sha256 ${dataset.sha256.slice(0, 12)}`,
    },
    { name: LABELS_FIELD, value: labelled ? dataset.labelColumns.join(", ") : withoutLabels(dataset) },
    { name: "Engine", value: engines.join("; ") },
    ...runs.map(({ name, config, loader, sets, orders }) => ({
      name: `Variant ${name}`,
      value: [
        `${basename(config.template)}, sha256 ${loader.template.sha256.slice(0, 12)}`,
        ...(loader.template.format === "text" ? [] : [`labels ${JSON.stringify(loader.template.labels)}`]),
        orders.length === 2 ? "both orders" : "one order",
        ...(config.context === null ? [] : [`at most ${config.context} prompt tokens`]),
        ...(config.calibration === null ? [] : [`calibration ${basename(config.calibration)}`]),
        sets.length === 0 ? "the config as it is" : `sets ${sets.join(", ")}`,
      ].join("; "),
    })),
    { name: "Clipped to", value: `${shared.clip.join(" to ")}, then divided by the sum` },
    { name: "Seed", value: String(shared.seed) },
    {
      name: "Found in the prefix cache",
      value: prefixCache === null ? "not measured: the server does not report it" : prefixCacheText(prefixCache),
    },
  ];
}

/** The field of a comparison's report that names the label columns. */
export const LABELS_FIELD = "Labels";

function withoutLabels({ labelNotes }: Pick<Dataset, "labelNotes">): string {
  return ["none, so the variants are compared by their agreement alone", ...labelNotes].join("; ");
}

/**
 * Describes the share of prompt tokens that the prefix cache contained, and the share that it could have contained.
 */
export function prefixCacheText({ looked, found, prepared, shared }: PrefixCache): string {
  return (
    `${formatPercent(found / looked, 1)} of ${plural(looked, "prompt token")}; ` +
    `${formatPercent(shared / prepared, 1)} began like an earlier prompt of the same variant (a cache holds whole blocks of tokens)`
  );
}

const COST_NOTE =
  "Rows were scored row by row across the variants of an engine. The time with a request in flight is divided over the variants by the prompt tokens that the server had to compute: all, less those found in its prefix cache, which are divided by the tokens that began like an earlier prompt of the same variant. The time of the job includes the longest start of the engine.";

/** Lists the definitions of the numbers of a comparison without labels, one sentence each. */
export function agreementNotes(variants: readonly Measured[]): readonly string[] {
  const rescored = variants.map(({ changed }) => changed?.rows).find((rows) => rows !== undefined);
  return [
    "The verdict of a row is its most probable class; of equal ones, the first of A, B, tie.",
    "All variants are compared on the rows that each of them has answered; one order is scored unless the config of a variant asks for both.",
    AGREEMENT_NOTE,
    rescored === undefined
      ? "No row was scored twice, so it is not known how much the engine alone changes."
      : `To show how much the engine alone changes, ${plural(rescored, "row")} of each variant were scored again: in another order, so in other batches, and without the server's prefix cache.`,
    COST_NOTE,
  ];
}

const AGREEMENT_NOTE =
  "Agreement is the share of rows with the same verdict, with Wilson's 95 % interval for the effective number of rows (rows that share a prompt are not independent). Kappa (Cohen 1960) is 1 for perfect agreement and 0 for what chance gives with these shares of verdicts. The distance of two probabilities is half the sum of the absolute differences (total variation), 0 to 100 %.";

/** Lists the definitions of the numbers, one sentence each. */
export function comparisonNotes(options: {
  readonly pairs: readonly Pair[];
  readonly stopping: Stopping | null;
  /** Number of rows of each variant that were scored twice; null when none were. */
  readonly rescored: number | null;
}): readonly string[] {
  const { pairs, stopping, rescored } = options;
  const calibrated = pairs.some(({ measure }) => measure === "calibrated");
  return [
    "Log loss is the mean of −log p of the true class, in nats, of clipped probabilities; with votes as truth it is the mean over the votes.",
    "All variants are compared on the rows that each of them has answered; one order is scored unless the config of a variant asks for both.",
    "Calibrated scores are out of fold: each row by a calibration that was fitted to other prompts, with the simplest kind of calibration within one standard error of the best.",
    "Intervals of the table are 95 %, from the studentised bootstrap over prompts, 4,000 resamples; those of differences from 10,000.",
    stopping === null
      ? `Differences are between ${calibrated ? "calibrated" : "raw"} log losses, paired on the same rows, with the same bootstrap; p values are adjusted for the number of pairs (Holm), McNemar's is exact and of the accuracies.`
      : "Differences are between raw log losses, with confidence sequences by betting (Waudby-Smith and Ramdas 2024) over prompts in an order drawn beforehand: they hold at every moment and for all pairs together with 95 %. Every prompt counts once, whatever its number of rows. The intervals of the table are those of each variant alone, and do not allow for early stopping.",
    "The class prior predicts the share of each class in these rows; the gain over it is paired on the same rows.",
    "ECE (expected calibration error) is that of the predicted class, in 15 bins with equally many rows.",
    AGREEMENT_NOTE,
    COST_NOTE,
    rescored === null
      ? "The noise floor was not measured."
      : `The noise floor is the largest mean change in log loss that the measurement does not rule out when ${plural(rescored, "row")} of each variant are scored again: in another order, so in other batches, and without the server's prefix cache.`,
  ];
}
