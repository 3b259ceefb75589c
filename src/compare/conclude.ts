import { basename, join } from "node:path";
import { pickRows } from "../class-matrix.ts";
import { AbtieError } from "../errors.ts";
import type { ReportStep } from "../job/report-step.ts";
import { takeWeights } from "../metrics/weights.ts";
import { sum } from "../numbers/sums.ts";
import type { AgreementData, ComparisonBase, ComparisonData } from "../report/data/comparison-data.ts";
import { agreementOfPairs } from "./agreement.ts";
import { type Assessment, assess, RESAMPLES } from "./assess.ts";
import { msPerRow } from "./cost.ts";
import { groupByEngine } from "./engine-groups.ts";
import type { FileLabels } from "./labels.ts";
import { countLeakedRows, variantsFittedTo } from "./leaks.ts";
import { groupsOf, type Measured, type MeasuredRows, measure } from "./measure.ts";
import type { Monitor } from "./monitor.ts";
import { fixedPairs, type Measure, noiseFloor, sequentialPairs, stoppingOf } from "./pairs.ts";
import { prefixCacheOf, sumPrefixCaches } from "./prefix-cache.ts";
import type { RacePlan } from "./race.ts";
import { raceOf } from "./race-result.ts";
import {
  agreementNotes,
  comparisonFields,
  comparisonNotes,
  reportedBase,
  reportedVariant,
  type TargetJob,
} from "./report-data.ts";
import type { VariantRun } from "./variant-run.ts";
import { comparisonWarnings, rankWarning } from "./warnings.ts";

/**
 * The way in which a comparison ended: "done" (all rows scored), "decided" (enough rows for a decision), "budget" (that of a
 * race is used), or stopped before.
 */
export type ComparisonEnd = "done" | "decided" | "budget" | "interrupted" | "engine-lost";

/** A comparison with its report and all values that were computed for it. */
export type Comparison = ComparisonEnding & (ScoredComparison | UnlabelledComparison);

interface ComparisonEnding {
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
}

/** A comparison by labels. */
interface ScoredComparison {
  readonly kind: "scores";
  readonly report: ComparisonData;
  readonly assessments: readonly Assessment[];
}

/** A comparison of rows without labels. */
interface UnlabelledComparison {
  readonly kind: "agreement";
  readonly report: AgreementData;
  readonly assessments: readonly Measured[];
}

export interface ConcludeOptions {
  readonly end: ComparisonEnd;
  /** Folder of the comparison. */
  readonly folder: string;
  readonly runs: readonly [VariantRun, ...VariantRun[]];
  /** The labels of the file; null when it has none. */
  readonly labels: FileLabels | null;
  readonly monitor: Pick<Monitor, "replay" | "failedRows" | "isIn" | "leader">;
  readonly race: RacePlan | null;
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
  const { end, folder, runs, labels, monitor, race } = options;
  const [{ dataset }] = runs;
  const usable = race?.race.slice().sort() ?? labels?.rows ?? Uint32Array.from(dataset.ids.keys());
  const measured = { rows: commonRows(usable, runs.filter(monitor.isIn)), file: dataset };
  if (measured.rows.length === 0) throw noCommonRow(end);
  const ending = {
    end,
    files: {
      json: join(folder, "comparison.json"),
      html: join(folder, "comparison.html"),
      markdown: join(folder, "comparison.md"),
      runs: Object.fromEntries(runs.map((run) => [run.name, run.folder.path])),
    },
    failedRows: sum(runs.map((run) => monitor.failedRows(run))),
  };
  const costs = await costsOf(runs);
  const result =
    labels === null
      ? await withoutLabels(options, measured, costs)
      : await byLabels({ ...options, labels }, measured, costs);
  return { ...ending, ...result };
}

type Costs = ReadonlyMap<VariantRun, number>;

async function byLabels(
  options: ConcludeOptions & { readonly labels: FileLabels },
  measured: MeasuredRows,
  costs: Costs,
): Promise<ScoredComparison> {
  const { runs, labels: fileLabels, monitor, race: plan, margin, job, reportStep } = options;
  const [{ config }] = runs;
  const { seed } = config;
  const { rows } = measured;
  const labelsOn = (own: Uint32Array) => ({
    truth: pickRows(fileLabels.truth, own),
    groups: groupsOf({ rows: own, file: measured.file }),
    weights: fileLabels.weights === null ? null : takeWeights(fileLabels.weights, own),
  });
  const labels = labelsOn(rows);
  const { weights } = labels;
  const assessments = runs.map((run) => {
    reportStep(`scoring and calibrating ${run.name}`);
    // A variant that a race dropped is measured on the rows that it has.
    const own = monitor.isIn(run) ? rows : rows.filter(run.answered);
    const options = { fileLabels, labels: labelsOn(own), msPerRow: costs.get(run) ?? 0, seed };
    return assess(run, { rows: own, file: measured.file }, options);
  });
  const inside = assessments.filter((_, variant) => monitor.isIn(runs[variant] as VariantRun));
  reportStep("comparing pairs");
  const replayed = monitor.replay();
  const isCalibrated = replayed === null && assessments.every(({ calibrated }) => calibrated !== null);
  const measure: Measure = isCalibrated ? "calibrated" : "raw";
  const pairs =
    replayed === null
      ? fixedPairs(assessments, labels, measure, { seed })
      : sequentialPairs(assessments, replayed, margin);
  const names = runs.map(({ name }) => name);
  const available = fileLabels.rows.length;
  const race =
    replayed === null || plan === null
      ? null
      : raceOf({ runs, plan, monitor, replayed, labels: fileLabels, assessments, seed });
  const stopping = replayed === null ? null : stoppingOf(names, replayed, { scored: rows.length, available });
  return {
    kind: "scores",
    assessments,
    report: {
      kind: "scores",
      ...(await baseOf(options, measured, inside)),
      notes: comparisonNotes({ pairs, stopping, rescored: rescoredRows(assessments, measure) }),
      warnings: [
        ...(await warningsOf(options, rows, assessments)),
        ...(await fittedWarnings(runs)),
        ...(replayed === null ? [] : rankWarning(assessments)),
        ...(weights === null ? [] : [SAMPLE_WARNING]),
      ],
      priorLogLoss: assessments[0]?.raw.evaluation.prior.logLoss ?? Number.NaN,
      variants: assessments.map((assessment) => reportedVariant(assessment, job)),
      pairs,
      noiseFloor: noiseFloor(assessments, measure),
      stopping,
      race,
    },
  };
}

const SAMPLE_WARNING =
  "The rows are a sample: scores and differences weight each row by its inverse inclusion probability, so they hold for the rows " +
  "from which it was drawn; agreement counts every row of the sample once, and McNemar's test is left out.";

async function withoutLabels(
  options: ConcludeOptions,
  measured: MeasuredRows,
  costs: Costs,
): Promise<UnlabelledComparison> {
  const { runs, job, reportStep } = options;
  const bootstrap = { seed: runs[0].config.seed, resamples: RESAMPLES };
  const variants = runs.map((run) => {
    reportStep(`measuring ${run.name}`);
    return measure(run, measured, { msPerRow: costs.get(run) ?? 0, bootstrap });
  });
  return {
    kind: "agreement",
    assessments: variants,
    report: {
      kind: "agreement",
      ...(await baseOf(options, measured, variants)),
      notes: agreementNotes(variants),
      warnings: await warningsOf(options, measured.rows, variants),
      variants: variants.map((variant) => reportedBase(variant, job)),
    },
  };
}

/** Collects the parts of the report that need no labels. */
async function baseOf(
  { folder, runs, labels, job, version, now }: ConcludeOptions,
  measured: MeasuredRows,
  variants: readonly Measured[],
): Promise<Omit<ComparisonBase, "notes" | "warnings">> {
  const [{ dataset }] = runs;
  const prefixCache = sumPrefixCaches(
    groupByEngine(runs).map((group) => group.map(({ folder: { state } }) => prefixCacheOf(state))),
  );
  return {
    name: basename(folder),
    program: `abtie ${version}`,
    madeAt: now,
    facts: comparisonFields(runs, {
      rows: labels?.rows.length ?? dataset.ids.length,
      labelled: labels !== null,
      prefixCache,
    }),
    rows: measured.rows.length,
    groups: new Set(groupsOf(measured)).size,
    job,
    agreement: await agreementOfPairs(variants, measured, dataset),
    prefixCache,
  };
}

async function warningsOf(
  { end, runs, labels, monitor }: ConcludeOptions,
  rows: Uint32Array,
  assessments: readonly Measured[],
): Promise<readonly string[]> {
  return comparisonWarnings({
    end,
    variants: runs,
    assessments,
    failed: runs.map((run) => ({ name: run.name, rows: monitor.failedRows(run) })),
    leaked: labels === null ? [] : await countLeakedRows(runs, runs[0].dataset, rows),
    served: runs.map(servedModel),
    inference: labels === null ? "none" : monitor.replay() === null ? "fixed" : "sequential",
    ties: labels?.ties ?? 0,
  });
}

/** Warns of variants with a calibration that was fitted to the file on which they are compared. */
async function fittedWarnings(runs: ConcludeOptions["runs"]): Promise<readonly string[]> {
  const fitted = await variantsFittedTo(runs, runs[0].dataset.sha256);
  return fitted.map(
    (name) => `${name} applies a calibration that was fitted to this very file: its raw scores are too good.`,
  );
}

/** Lists the rows that can be compared and that every variant has answered, in the order of the file. */
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
    ? new AbtieError(
        "interrupted",
        "interrupted before every variant had answered a row: the same command continues the comparison",
      )
    : new AbtieError(
        "engine",
        "no row was answered by every variant: the journals in the run folders hold the reasons. Check the engine with `abtie doctor`, then run it again",
      );
}
