import { closeVariantRuns } from "../compare/close.ts";
import { writeComparison } from "../compare/comparison-file.ts";
import { type Comparison, conclude } from "../compare/conclude.ts";
import { groupByEngine } from "../compare/engine-groups.ts";
import { requireLabels } from "../compare/labels.ts";
import { refuseLabelsAsText } from "../compare/leaks.ts";
import { createMonitor } from "../compare/monitor.ts";
import { openVariants } from "../compare/open-variants.ts";
import { LEVEL } from "../compare/pairs.ts";
import { targetJobOf } from "../compare/report-data.ts";
import { type GroupEnd, type ScoreOptions, scoreGroup } from "../compare/score-group.ts";
import { openVariantRuns, type VariantRun } from "../compare/variant-run.ts";
import type { Override } from "../config/load.ts";
import type { Effects } from "../effects.ts";
import { AbtieError } from "../errors.ts";
import { openRows } from "../job/open-rows.ts";
import { packageVersion } from "../job/package-version.ts";
import { createReportStep } from "../job/report-step.ts";
import { lossDifferenceBound } from "../metrics/clip.ts";
import { groupOrder } from "../stats/group-order.ts";

export interface CompareOptions {
  /** The config file; null as in every command. */
  readonly file: string | null;
  /** Templates to compare; none takes the variants of the config. */
  readonly templates?: readonly string[];
  /** What is laid over the config, below a variant's own parts and above them. */
  readonly environment?: readonly Override[];
  readonly flags?: readonly Override[];
  /** End as soon as one variant is shown to be the best. */
  readonly earlyStop?: boolean;
  /** Differences smaller than this count as none, nats; null: no difference is too small. Only with earlyStop. */
  readonly margin?: number | null;
  /** The job that hours are computed for: its rows (default 25,000), and the time that it may take; null takes that of the config. */
  readonly rows?: number;
  readonly deadline?: string | null;
  /** Continue although config, data, template or model changed; or begin again. */
  readonly force?: boolean;
  readonly fresh?: boolean;
}

const DEFAULTS = {
  ...{ templates: [], environment: [], flags: [], earlyStop: false, margin: null },
  ...{ rows: 25_000, deadline: null, force: false, fresh: false },
} as const;

/**
 * Compares variants of a judge on the same labelled rows: scores what is missing of each, row by row, and says which is better and what it
 * costs. Every variant is an ordinary run in a folder of its own; started again it continues. Throws AbtieError: config, data,
 * engine. An abort ends in a comparison of what is there.
 */
export async function compareVariants(given: CompareOptions, effects: Effects): Promise<Comparison> {
  const options = { ...DEFAULTS, ...given };
  if (options.margin !== null && !options.earlyStop) {
    throw new AbtieError("config", "a margin (--margin) says when to stop early: give --early-stop too");
  }
  const began = effects.clock.monotonic();
  const { folder, deadline, variants } = await openVariants(options, effects);
  const job = targetJobOf(options.rows, options.deadline, deadline);
  const [{ config } = { config: null }] = variants;
  if (config === null) throw new Error("a comparison has variants");
  refuseLabelsAsText(config);
  await using dataset = await openRows(config, effects.signal);
  const truth = requireLabels(dataset.truth, config);
  const { ids, groups } = dataset;
  const order = groupOrder(groups, config.seed);
  const watching = {
    ...{ variants: variants.length, order, groups, bound: lossDifferenceBound(config.clip), level: LEVEL },
    margin: options.margin,
  };
  const course = createMonitor({ ...watching, truth, earlyStop: options.earlyStop, effects });
  const version = await packageVersion();
  await using contestants = await openVariantRuns(variants, {
    dataset,
    force: options.force,
    fresh: options.fresh,
    effects,
  });
  course.begin(contestants.list);
  const scoring = {
    folder,
    order,
    seed: config.seed,
    enough: course.enough,
    force: options.force,
    onOutcome: course.told,
    effects,
  };
  let end: GroupEnd | "failed" = "failed";
  try {
    end = await scoreAll(contestants.list, scoring);
  } finally {
    await closeVariantRuns(contestants.list, end, { began, effects });
  }
  for (const { publisher } of contestants.list) publisher.check();
  const comparison = await conclude({
    ...{ folder, variants, contestants: contestants.list, dataset, version, course },
    ...{ labels: { ids, truth, groups }, margin: options.margin, job, seed: config.seed },
    end: end === "done" && course.enough.aborted ? "decided" : end,
    now: effects.clock.now(),
    tell: createReportStep(ids.length, effects),
  });
  await writeComparison(comparison);
  return comparison;
}

/** Scores what is missing, one engine after the other, until all is there or one engine cannot go on. */
async function scoreAll(contestants: readonly VariantRun[], options: ScoreOptions): Promise<GroupEnd> {
  const groups = groupByEngine(contestants);
  for (const group of groups) {
    // Each server that is started has a log of its own.
    const folder = groups.length === 1 ? options.folder : group[0].folder.path;
    const end = await scoreGroup(group, { ...options, folder });
    if (end !== "done") return end;
  }
  return "done";
}
