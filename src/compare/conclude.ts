import { basename, join } from "node:path";
import { pickRows } from "../class-matrix.ts";
import { AbtieError } from "../errors.ts";
import type { ReportStep } from "../job/report-step.ts";
import { sum } from "../numbers/sums.ts";
import type { ComparisonData } from "../report/data/comparison-data.ts";
import { type Assessment, assess } from "./assess.ts";
import { msPerRow } from "./cost.ts";
import { groupByEngine } from "./engine-groups.ts";
import type { FileLabels } from "./labels.ts";
import { countLeakedRows, variantsFittedTo } from "./leaks.ts";
import type { Monitor } from "./monitor.ts";
import { fixedPairs, type Measure, noiseFloor, sequentialPairs, stoppingOf } from "./pairs.ts";
import { prefixCacheOf, sumPrefixCaches } from "./prefix-cache.ts";
import { comparisonFields, comparisonNotes, reportedVariant, type TargetJob } from "./report-data.ts";
import type { VariantRun } from "./variant-run.ts";
import { comparisonWarnings } from "./warnings.ts";

/**
 * The way in which a comparison ended: "done" (all rows scored), "decided" (enough rows for a decision), or stopped
 * before either.
 */
export type ComparisonEnd = "done" | "decided" | "interrupted" | "engine-lost";

/** A comparison with its report and all values that were computed for it. */
export interface Comparison {
  readonly end: ComparisonEnd;
  readonly files: {
    readonly json: string;
    readonly html: string;
    readonly markdown: string;
    /** Run folder of each variant. */
    readonly runs: Readonly<Record<string, string>>;
  };
  /** Number of rows for which a variant failed in this session; these rows were left out. */
  readonly failedRows: number;
  readonly report: ComparisonData;
  readonly assessments: readonly Assessment[];
}

export interface ConcludeOptions {
  readonly end: ComparisonEnd;
  /** Folder of the comparison. */
  readonly folder: string;
  readonly runs: readonly [VariantRun, ...VariantRun[]];
  /** The labels of the file. */
  readonly labels: FileLabels;
  readonly monitor: Pick<Monitor, "replay" | "failedRows">;
  readonly margin: number | null;
  readonly job: TargetJob;
  readonly version: string;
  /** Present time, ms since 1970. */
  readonly now: number;
  readonly reportStep: ReportStep;
}

/**
 * Compares the variants on the rows that all of them have answered. Throws AbtieError("interrupted") or
 * AbtieError("engine") when there is no such row.
 */
export async function conclude(options: ConcludeOptions): Promise<Comparison> {
  const { end, folder, runs, labels: fileLabels, monitor, margin, job, reportStep } = options;
  const [{ dataset, config }] = runs;
  const { seed } = config;
  const rows = commonRows(fileLabels.rows, runs);
  if (rows.length === 0) throw noCommonRow(end);
  const labels = {
    truth: pickRows(fileLabels.truth, rows),
    groups: rows.map((row) => fileLabels.groups[row] as number),
  };

  const costs = await costsOf(runs);
  const assessments = runs.map((run) => {
    reportStep(`scoring and calibrating ${run.name}`);
    return assess(run, { rows, fileLabels, labels, msPerRow: costs.get(run) ?? 0, seed });
  });
  reportStep("comparing pairs");
  const replayed = monitor.replay();
  const isCalibrated = replayed === null && assessments.every(({ calibrated }) => calibrated !== null);
  const measure: Measure = isCalibrated ? "calibrated" : "raw";
  const pairs =
    replayed === null
      ? fixedPairs(assessments, labels, measure, { seed })
      : sequentialPairs(assessments, replayed, margin);

  const available = fileLabels.rows.length;
  const names = runs.map(({ name }) => name);
  const stopping = replayed === null ? null : stoppingOf(names, replayed, { scored: rows.length, available });
  const failed = runs.map((run) => ({ name: run.name, rows: monitor.failedRows(run) }));
  const prefixCache = sumPrefixCaches(
    groupByEngine(runs).map((group) => group.map(({ folder: { state } }) => prefixCacheOf(state))),
  );
  return {
    end,
    files: {
      json: join(folder, "comparison.json"),
      html: join(folder, "comparison.html"),
      markdown: join(folder, "comparison.md"),
      runs: Object.fromEntries(runs.map((run) => [run.name, run.folder.path])),
    },
    failedRows: sum(failed.map((one) => one.rows)),
    assessments,
    report: {
      name: basename(folder),
      program: `abtie ${options.version}`,
      madeAt: options.now,
      facts: comparisonFields(runs, available, prefixCache),
      notes: comparisonNotes({ pairs, stopping, rescored: rescoredRows(assessments, measure) }),
      warnings: comparisonWarnings({
        end,
        variants: runs,
        assessments,
        failed,
        leaked: await countLeakedRows(runs, dataset, rows),
        served: runs.map(servedModel),
        fittedHere: await variantsFittedTo(runs, dataset.sha256),
        sequential: replayed !== null,
        ties: fileLabels.ties,
      }),
      rows: rows.length,
      groups: new Set(labels.groups).size,
      priorLogLoss: assessments[0]?.raw.evaluation.prior.logLoss ?? Number.NaN,
      job,
      variants: assessments.map((assessment) => reportedVariant(assessment, job)),
      pairs,
      noiseFloor: noiseFloor(assessments, measure),
      prefixCache,
      stopping,
    },
  };
}

/** Lists the rows with labels that every variant has answered, in the order of the file. */
function commonRows(rows: Uint32Array, runs: readonly VariantRun[]): Uint32Array {
  return rows.filter((row) => runs.every(({ answered }) => answered(row)));
}

/** Computes the time that a row of each variant costs, ms. Each engine is computed separately. */
async function costsOf(runs: readonly VariantRun[]): Promise<ReadonlyMap<VariantRun, number>> {
  const costs = new Map<VariantRun, number>();
  for (const group of groupByEngine(runs)) {
    const perRow = await msPerRow(group);
    for (const [index, run] of group.entries()) costs.set(run, perRow[index] ?? 0);
  }
  return costs;
}

function rescoredRows(assessments: readonly Assessment[], measure: Measure): number | null {
  return assessments.map(({ noise }) => noise[measure]?.rows).find((rows) => rows !== undefined) ?? null;
}

/**
 * Returns the name of the model that a running server reports; null for a server that abtie started, because abtie made
 * up that name.
 */
function servedModel({ config, folder }: VariantRun): string | null {
  return config.engine.kind === "spawn" ? null : (folder.state.engineModel?.model ?? null);
}

function noCommonRow(end: ComparisonEnd): AbtieError {
  return end === "interrupted"
    ? new AbtieError("interrupted", "interrupted before every variant had answered a row: run it again to continue")
    : new AbtieError(
        "engine",
        "no row was answered by every variant: the journals in the run folders hold the reasons",
      );
}
