import { basename } from "node:path";
import { formatPercent, plural } from "../format.ts";
import { modelName } from "../judge/model-name.ts";
import type { Variant as Column, ComparisonData, Pair, PrefixCache, Stopping } from "../report/data/comparison-data.ts";
import { estimateOf, positionOf, scoresOf } from "../report/data/from-metrics.ts";
import type { Field } from "../report/data/run-data.ts";
import type { Assessment } from "./assess.ts";
import type { VariantRun } from "./variant-run.ts";

/** The job that hours are computed for. */
export type Job = ComparisonData["job"];

/** Turns an assessed variant into its line of the report. */
export function columnOf(assessment: Assessment, job: Job): Column {
  const { name, raw, calibrated, mass, swap, tokensPerRow, secondsPerRow, startUpSeconds } = assessment;
  const position = swap === null ? null : positionOf(swap);
  const jobMs = 1000 * ((startUpSeconds ?? 0) + job.rows * secondsPerRow);
  return {
    name,
    raw: scoresOf("raw", raw.evaluation),
    calibrated: calibrated === null ? null : scoresOf("calibrated", calibrated.evaluation),
    gainOverPrior: estimateOf((calibrated ?? raw).evaluation.prior.gain),
    mass: mass === null ? null : { median: mass.median, p5: mass.low },
    flipRate: position?.flipRate ?? null,
    positionBias: position === null ? null : position.towardFirst - position.towardSecond,
    ...{ tokensPerRow, secondsPerRow, jobMs },
    fits: job.deadlineMs === null ? null : jobMs <= job.deadlineMs,
  };
}

/** Lists what was compared. */
export function factsOf(
  contestants: readonly VariantRun[],
  data: { readonly path: string; readonly sha256: string; readonly rows: number; readonly source: string },
  prefixCache: PrefixCache | null,
): readonly Field[] {
  const [first] = contestants;
  const engines = [...new Set(contestants.map(({ config }) => `${config.engine.name}, ${modelName(config.engine)}`))];
  return [
    {
      name: "Data",
      value: `${basename(data.path)}, ${plural(data.rows, "row")}, sha256 ${data.sha256.slice(0, 12)}`,
    },
    { name: "Labels", value: data.source },
    { name: "Engine", value: engines.join("; ") },
    ...contestants.map(({ name, config, loader, sets, orders }) => ({
      name: `Variant ${name}`,
      value: [
        `${basename(config.template)}, sha256 ${loader.template.sha256.slice(0, 12)}`,
        `labels ${JSON.stringify(loader.template.labels)}`,
        orders.length === 2 ? "both orders" : "one order",
        ...(config.context === null ? [] : [`at most ${config.context} prompt tokens`]),
        ...(config.calibration === null ? [] : [`calibration ${basename(config.calibration)}`]),
        sets.length === 0 ? "the config as it is" : `sets ${sets.join(", ")}`,
      ].join("; "),
    })),
    { name: "Clipped to", value: `${first?.config.clip.join(" to ") ?? ""}, then divided by the sum` },
    { name: "Seed", value: String(first?.config.seed ?? 0) },
    {
      name: "Found in the prefix cache",
      value: prefixCache === null ? "not measured: the server does not tell" : prefixCacheText(prefixCache),
    },
  ];
}

/** Says how much of the prompts the prefix cache held, and how much it could have held. */
export function prefixCacheText({ looked, found, prepared, shared }: PrefixCache): string {
  return (
    `${formatPercent(found / looked, 1)} of ${plural(looked, "prompt token")}; ` +
    `${formatPercent(shared / prepared, 1)} began like an earlier prompt of the same variant (a cache holds whole blocks of tokens)`
  );
}

/** Says how the numbers are defined. */
export function notesOf(options: {
  readonly pairs: readonly Pair[];
  readonly stopping: Stopping | null;
  /** Rows of each variant that were scored twice; null when none. */
  readonly rescored: number | null;
}): readonly string[] {
  const { pairs, stopping, rescored } = options;
  const calibrated = pairs.some(({ measure }) => measure === "calibrated");
  return [
    "Log loss is the mean of −log p of the truth, in nats, of clipped probabilities; with votes as truth the mean over the votes.",
    "All variants are compared on the rows that each of them has answered; one order is scored unless the config of a variant says that both are.",
    "Calibrated figures are out of fold: each row by what was fitted to other prompts, with the simplest kind of calibration within one standard error of the best.",
    "Intervals of the table are 95 %, from the studentised bootstrap over prompts, 4,000 resamples; those of differences from 10,000.",
    stopping === null
      ? `Differences are between ${calibrated ? "calibrated" : "raw"} log losses, paired on the same rows, with the same bootstrap; p values are adjusted for the number of pairs (Holm), McNemar's is exact and of the accuracies.`
      : "Differences are between raw log losses, with confidence sequences by betting (Waudby-Smith and Ramdas 2024) over prompts in an order drawn beforehand: they hold at every moment and for all pairs together with 95 %. Every prompt counts once, whatever its number of rows. The intervals of the table are those of each variant alone and take no account of when it ended.",
    "The class prior knows the share of each class in these rows and nothing else; the gain over it is paired on the same rows.",
    "ECE is that of the predicted class in 15 bins with equally many rows.",
    "Rows were scored row by row across the variants of an engine, in one schedule. The time in which requests were under way is shared out by the prompt tokens that the server had to compute: all, less those found in its prefix cache, which are shared out by what began like an earlier prompt of the same variant. The job adds the longest start of the engine.",
    rescored === null
      ? "The noise floor was not measured."
      : `The noise floor is the largest mean change in log loss that scoring ${plural(rescored, "row")} of each variant again does not rule out: in another order, so in other batches, and without what the server's prefix cache held.`,
  ];
}
