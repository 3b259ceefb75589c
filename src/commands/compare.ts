import { closeVariantRuns } from "../compare/close.ts";
import { writeComparison } from "../compare/comparison-file.ts";
import { type Comparison, conclude } from "../compare/conclude.ts";
import { type CheckedCondition, checkFailIf, type FailIf, refuseFailIf } from "../compare/fail-if.ts";
import { filesOfComparison } from "../compare/files.ts";
import { labelsOf, requireLabels } from "../compare/labels.ts";
import { refuseLabelsAsText } from "../compare/leaks.ts";
import { createMonitor } from "../compare/monitor.ts";
import { openVariants } from "../compare/open-variants.ts";
import { LEVEL } from "../compare/pairs.ts";
import { planRace, type RaceBudget } from "../compare/race.ts";
import { refuseVariants } from "../compare/refuse-variants.ts";
import { targetJobOf } from "../compare/report-data.ts";
import { type ScoringEnd, scoreVariants } from "../compare/score-variants.ts";
import { openVariantRuns } from "../compare/variant-run.ts";
import type { Override } from "../config/merge.ts";
import type { Effects } from "../effects.ts";
import { AbtieError } from "../errors.ts";
import { openRows } from "../job/open-rows.ts";
import { packageVersion } from "../job/package-version.ts";
import { createReportStep } from "../job/report-step.ts";
import { lossDifferenceBound } from "../metrics/clip.ts";
import { refuseOutputs } from "../runfolder/refuse-outputs.ts";
import { type RunLocks, withRunLocks } from "../runfolder/run-locks.ts";
import { groupOrder } from "../stats/groups.ts";

export interface CompareOptions {
  /** The config file; null as in every command. */
  readonly file: string | null;
  /** Templates to compare; without any, the variants of the config are compared. */
  readonly templates?: readonly string[];
  /** Overrides of the config that a variant may override in turn, and overrides that hold for every variant. */
  readonly environment?: readonly Override[];
  readonly flags?: readonly Override[];
  /** End as soon as one variant is shown to be the best. */
  readonly earlyStop?: boolean;
  /** Drop variants that are shown to be worse, and end when this is spent; implies earlyStop. Null: no race. */
  readonly budget?: RaceBudget | null;
  /** Differences smaller than this count as none, nats; null: no difference is too small. Only with earlyStop. */
  readonly margin?: number | null;
  /** The job for which hours are forecast: its rows (default 25,000), and its time; null takes the config's deadline. */
  readonly rows?: number;
  readonly deadline?: string | null;
  /** Conditions to check on the result. */
  readonly failIf?: readonly FailIf[];
  /** Continue although config, data, template or model changed. */
  readonly force?: boolean;
  /** Forget the results in the run folders and begin again. */
  readonly fresh?: boolean;
}

/** A comparison, and the conditions of `failIf` that were checked on it. */
export type ComparisonResult = Comparison & { readonly conditions: readonly CheckedCondition[] };

/**
 * Compares variants of a judge on the same rows: scores the missing rows of each, row by row, and reports which is better
 * by the labels, or without labels how far they agree, and what each costs. Every variant is an ordinary run with its own folder, so a comparison that is started again
 * continues. An abort ends in a comparison of the rows so far. Throws AbtieError: config, data, engine.
 */
export async function compareVariants(options: CompareOptions, effects: Effects): Promise<ComparisonResult> {
  return withRunLocks(effects, (locks) => compareLocked(options, locks));
}

async function compareLocked(options: CompareOptions, { effects, take }: RunLocks): Promise<ComparisonResult> {
  const { templates = [], environment = [], flags = [], margin = null, budget = null } = options;
  const earlyStop = (options.earlyStop ?? false) || budget !== null;
  const { force = false, fresh = false, file, failIf = [] } = options;
  if (margin !== null && !earlyStop) {
    throw new AbtieError("config", "a margin (--margin) only has an effect on early stopping: give --early-stop too");
  }
  const began = effects.clock.monotonic();
  const { folder, deadline, variants } = await openVariants({ file, templates, environment, flags }, effects);
  const job = targetJobOf(options.rows ?? 25_000, options.deadline ?? null, deadline);
  const [{ config }] = variants;
  await refuseOutputs(filesOfComparison(folder, variants, effects));
  refuseLabelsAsText(config);
  await using dataset = await openRows(config, effects.signal, effects.log);
  const { ids, groups } = dataset;
  const labels = earlyStop ? requireLabels(dataset, config) : labelsOf(dataset, config);
  refuseFailIf(failIf, {
    labels: labels !== null,
    deadline: job.deadlineMs !== null,
    bothOrders: variants.every(({ config: { orders } }) => orders === "both"),
  });

  const compared = labels === null ? null : new Set(labels.rows);
  const usable = groupOrder(groups, config.seed).filter((row) => compared?.has(row) ?? true);
  const orders = config.orders === "both" ? 2 : 1;
  const race = budget === null ? null : planRace(usable, groups, { budget, orders });
  const order = race?.race ?? usable;
  const monitor = createMonitor({
    variants: variants.length,
    order,
    groups,
    stopBy: earlyStop ? labels : null,
    race,
    bound: lossDifferenceBound(config.classes, config.clip),
    level: LEVEL,
    margin,
    effects,
  });
  await refuseVariants(variants, { dataset, force, fresh, effects });
  for (const { config: variant } of variants) await take(variant);
  await using runs = await openVariantRuns(variants, { dataset, force, fresh, effects });
  monitor.begin(runs.list);
  const { stopped, isIn, leader, over, onOutcome } = monitor;
  const held = race === null ? null : { rows: race.held, leader, over };
  let end: ScoringEnd | "failed" = "failed";
  try {
    end = await scoreVariants(runs.list, {
      folder,
      order,
      seed: config.seed,
      stopped,
      isIn,
      held,
      onOutcome,
      effects,
    });
  } finally {
    await closeVariantRuns(runs.list, end, { began, effects });
  }
  for (const { publisher } of runs.list) publisher.check();

  const comparison = await conclude({
    end: end === "done" ? (monitor.end() ?? end) : end,
    folder,
    runs: runs.list,
    labels,
    monitor,
    race,
    margin,
    job,
    version: await packageVersion(),
    now: effects.clock.now(),
    reportStep: createReportStep(ids.length, effects),
  });
  await writeComparison(comparison);
  return { ...comparison, conditions: checkFailIf(failIf, comparison.report) };
}
