import { join } from "node:path";
import type { Dataset } from "../dataset/open-dataset.ts";
import { AbtieError } from "../errors.ts";
import type { ReportStep } from "../job/report-step.ts";
import { takeTriples } from "../metrics/triples.ts";
import type { ComparisonData } from "../report/data/comparison-data.ts";
import { type Assessment, assess, type Labels } from "./assess.ts";
import { commonRows } from "./common-rows.ts";
import { msPerRow } from "./cost.ts";
import { groupByEngine } from "./engine-groups.ts";
import { prefixCacheOf, sumPrefixCaches } from "./group-records.ts";
import { countLeakedRows, variantsFittedTo } from "./leaks.ts";
import type { Monitor } from "./monitor.ts";
import type { Variant } from "./open-variants.ts";
import { fixedPairs, type Measure, noiseFloor, sequentialPairs, stoppingOf } from "./pairs.ts";
import { factsOf, notesOf, reportedVariant, type TargetJob } from "./report-data.ts";
import type { VariantRun } from "./variant-run.ts";
import { warningsOf } from "./warnings.ts";

/** How a comparison ended: all rows scored, or enough of them, or not. */
export type ComparisonEnd = "done" | "decided" | "interrupted" | "engine-lost";

/** A comparison with everything that is said about it. */
export interface Comparison {
  readonly end: ComparisonEnd;
  readonly files: {
    readonly json: string;
    readonly html: string;
    readonly markdown: string;
    /** Run folder of each variant. */
    readonly runs: Readonly<Record<string, string>>;
  };
  /** Rows on which a variant failed in this session; they were left out. */
  readonly failedRows: number;
  readonly report: ComparisonData;
  readonly assessments: readonly Assessment[];
}

export interface Concluding {
  readonly end: ComparisonEnd;
  /** Folder of the comparison. */
  readonly folder: string;
  readonly variants: readonly Variant[];
  readonly contestants: readonly VariantRun[];
  readonly dataset: Dataset;
  readonly labels: Labels;
  readonly course: Monitor;
  readonly margin: number | null;
  readonly job: TargetJob;
  readonly seed: number;
  readonly version: string;
  /** ms since 1970. */
  readonly now: number;
  readonly tell: ReportStep;
}

/** Draws the conclusions from what all variants have answered. Throws AbtieError("interrupted" or "engine") when that is nothing. */
export async function conclude(input: Concluding): Promise<Comparison> {
  const { end, folder, contestants, dataset, labels, course, margin, job, seed, tell } = input;
  const rows = commonRows(labels.ids.length, contestants);
  if (rows.length === 0) throw nothing(end);
  const used = { truth: takeTriples(labels.truth, rows), groups: rows.map((row) => labels.groups[row] as number) };
  const costs = new Map<VariantRun, number>();
  for (const group of groupByEngine(contestants)) {
    const perRow = await msPerRow(group);
    for (const [place, contestant] of group.entries()) costs.set(contestant, perRow[place] ?? 0);
  }
  const assessments = contestants.map((contestant) => {
    tell(`scoring and calibrating ${contestant.name}`);
    return assess(contestant, rows, labels, used, { msPerRow: costs.get(contestant) ?? 0 }, { seed });
  });
  tell("comparing pairs");
  const replayed = course.replay();
  const measure: Measure =
    replayed === null && assessments.every(({ calibrated }) => calibrated !== null) ? "calibrated" : "raw";
  const pairs =
    replayed === null
      ? fixedPairs(assessments, used, measure, { seed })
      : sequentialPairs(assessments, replayed, margin);
  const available = labels.ids.length;
  const names = assessments.map(({ name }) => name);
  const stopping = replayed === null ? null : stoppingOf(names, replayed, { scored: rows.length, available });
  const leaked = await countLeakedRows(contestants, dataset, rows);
  const failed = contestants.map((contestant) => ({ name: contestant.name, rows: course.failed(contestant) }));
  const noise = assessments.map((one) => one.noise[measure]).find((one) => one !== null);
  const prefixCache = sumPrefixCaches(
    groupByEngine(contestants).map((group) => group.map(({ folder: { state } }) => prefixCacheOf(state))),
  );
  return {
    end,
    files: {
      ...{ json: join(folder, "comparison.json"), html: join(folder, "comparison.html") },
      markdown: join(folder, "comparison.md"),
      runs: Object.fromEntries(contestants.map(({ name, folder: { path } }) => [name, path])),
    },
    failedRows: failed.reduce((sum, one) => sum + one.rows, 0),
    assessments,
    report: {
      name: folder.split("/").at(-1) ?? folder,
      program: `abtie ${input.version}`,
      madeAt: input.now,
      facts: factsOf(contestants, { ...dataset, rows: available, source: sourceOf(input.variants) }, prefixCache),
      notes: notesOf({
        ...{ pairs, stopping },
        rescored: noise?.rows ?? null,
      }),
      warnings: warningsOf({
        ...{ end, variants: input.variants, assessments, failed, leaked, sequential: replayed !== null },
        served: contestants.map(({ config, folder: { state } }) =>
          config.engine.kind === "spawn" ? null : (state.engineModel?.model ?? null),
        ),
        fittedHere: await variantsFittedTo(contestants, dataset.sha256),
      }),
      rows: rows.length,
      groups: new Set(used.groups).size,
      priorLogLoss: assessments[0]?.raw.evaluation.prior.logLoss ?? Number.NaN,
      job,
      variants: assessments.map((assessment) => reportedVariant(assessment, job)),
      ...{ pairs, noiseFloor: noiseFloor(assessments, measure), prefixCache, stopping },
    },
  };
}

function sourceOf([first]: readonly Variant[]): string {
  if (first === undefined) return "";
  const { truth, columns } = first.config;
  return truth === "votes" ? `votes (${columns.votes})` : columns.labels.join(", ");
}

function nothing(end: ComparisonEnd): AbtieError {
  return end === "interrupted"
    ? new AbtieError("interrupted", "interrupted before every variant had answered a row: run it again to continue")
    : new AbtieError(
        "engine",
        "there is no row that every variant has answered: the journals in the run folders say why",
      );
}
