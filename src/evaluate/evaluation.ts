import { pickRows } from "../class-matrix.ts";
import type { Effects } from "../effects.ts";
import { AbtieError } from "../errors.ts";
import { createReportStep } from "../job/report-step.ts";
import { type Evaluation, evaluate } from "../metrics/evaluate.ts";
import { type LabelMass, labelMass } from "../metrics/label-mass.ts";
import { labelsFor, leftOutTies } from "../metrics/labels-for.ts";
import { takeScored } from "../metrics/scored.ts";
import { measureSlices, type SliceResult } from "../metrics/slices.ts";
import type { SwapStudy } from "../metrics/swap.ts";
import { effectiveRows, takeWeights } from "../metrics/weights.ts";
import type { BootstrapOptions } from "../stats/bootstrap.ts";
import { divisionsOf } from "./divisions.ts";
import { inSampleWarning } from "./in-sample.ts";
import type { LabelledRows } from "./labelled.ts";
import { evaluatePowered, type PoweredEvaluation } from "./powered.ts";
import { type NamedScores, rawScores, studySwap } from "./raw-scores.ts";
import { readRowTexts, tagsOf } from "./row-texts.ts";
import { type Subject, takeSubject } from "./subject.ts";
import { summariseVerdicts, type VerdictSummary, verdictRulesOf } from "./verdict-summary.ts";

/** The evaluation of a run or a submission, measured against labels. Log losses are in nats. */
export interface SubjectEvaluation {
  /** The run folder or submission. */
  readonly subject: string;
  readonly kind: "run" | "submission";
  readonly labels: { readonly file: string; readonly sha256: string; readonly source: "labels" | "votes" };
  /** Number of rows that are measured. */
  readonly rows: number;
  /** Number of rows that are left out, because they are labelled as ties and the judge knows none. */
  readonly ties: number;
  /**
   * Null unless the labels are those of a sample: the number of rows from which it was drawn, and the number of rows
   * with equal weights whose means would be as precise (Kish 1965, "Survey Sampling").
   */
  readonly sample: { readonly of: number; readonly effectiveRows: number } | null;
  /** The same with the judgements of all rows; null unless the labels are those of a sample, or another judge was named. */
  readonly powered: PoweredEvaluation | null;
  /** Number of different prompts in the rows. */
  readonly groups: number;
  /** Number of rows that have the prior; null for a submission, because such rows cannot be recognised there. */
  readonly priorRows: number | null;
  /** The scores of the probabilities as written come first, then the scores of the raw readings. */
  readonly scores: readonly NamedScores[];
  /** The effect of swapping the answers on the raw readings; null unless some rows were scored in both orders. */
  readonly swap: SwapStudy | null;
  readonly mass: LabelMass | null;
  /** The sets of verdicts of all judged rows, measured on these; null unless the run applied a calibration that has rules for them. */
  readonly verdicts: VerdictSummary | null;
  readonly slices: readonly SliceTable[];
  /** Reasons to doubt the numbers, one sentence each, without a full stop. */
  readonly warnings: readonly string[];
}

/** The scores of the parts that result from one way of dividing the rows. */
export interface SliceTable {
  readonly name: string;
  readonly parts: readonly SliceResult<Evaluation>[];
}

/**
 * Only the probabilities as written get more resamples than this, because there are many other scores, and each takes
 * time on a large file.
 */
const SECONDARY_RESAMPLES = 2_000;

/**
 * Evaluates a run or submission, measured against its labels: all rows together, and each slice. Leaves out the rows
 * that are labelled as ties when the judge knows none. Where the labels are those of a sample, every mean weights the
 * rows by their inverse inclusion probability, so that it estimates the mean over all judged rows. `other` is another judge
 * of the same rows, whose difference is estimated. Throws AbtieError("data") when no row is left, and when the other judge
 * has other rows or classes.
 */
export async function evaluateSubject(
  all: Subject,
  joined: LabelledRows,
  effects: Pick<Effects, "progress" | "signal">,
  other: Subject | null = null,
): Promise<SubjectEvaluation> {
  const { rows, ties, truth: restricted } = labelsFor(all.written.classes, joined.truth);
  if (rows.length === 0) throw onlyTies(joined.dataset.path);
  const subject = takeSubject(takeSubject(all, joined.judged), rows);
  const labelled = {
    ...joined,
    truth: pickRows(restricted, rows),
    indexes: rows.map((row) => joined.indexes[row] as number),
    groups: rows.map((row) => joined.groups[row] as number),
    weights: joined.weights === null ? null : takeWeights(joined.weights, rows),
  };
  const reportStep = createReportStep(subject.ids.length, effects);
  const { written, run, seed } = subject;
  const { truth, groups, weights, dataset } = labelled;
  const secondary: BootstrapOptions = { seed, resamples: SECONDARY_RESAMPLES };
  const scored = { probabilities: written, truth, groups, weights };
  reportStep("scoring the probabilities as written");
  const asWritten = { name: "as written", rows: subject.ids.length, evaluation: evaluate(scored, { seed }) };
  const warning = run === null ? null : await inSampleWarning(run, dataset.sha256);
  const rules = run === null ? null : await verdictRulesOf(run.config);
  reportStep("reading the texts for the slices");
  const texts = await readRowTexts(labelled);
  const measure = (rows: Uint32Array): Evaluation => evaluate(takeScored(scored, rows), secondary);
  if (run !== null) reportStep("scoring the readings, each order by itself");
  const scores = run === null ? [asWritten] : [asWritten, ...rawScores(run, labelled, secondary)];
  return {
    subject: subject.path,
    kind: run === null ? "submission" : "run",
    labels: { file: dataset.path, sha256: dataset.sha256, source: labelled.source },
    rows: subject.ids.length,
    ties,
    groups: new Set(groups).size,
    priorRows: run === null ? null : run.rows.obtained.filter((way) => way === "prior").length,
    scores,
    swap: run === null ? null : studySwap(run, groups, secondary),
    mass: run === null ? null : labelMass(run.rows.mass),
    sample: weights === null ? null : { of: all.ids.length, effectiveRows: effectiveRows(weights) },
    verdicts:
      rules === null || run === null || all.run === null
        ? null
        : summariseVerdicts(rules, all.run.rows, { rows: run.rows, truth, groups, weights }, secondary),
    powered: await evaluatePowered(all, joined, other, effects),
    warnings: [leftOutTies({ ties }), warning, ofPrompts(joined)].filter((text) => text !== null),
    slices: divisionsOf({ texts, tags: tagsOf(labelled), run: run?.rows ?? null }).flatMap(({ name, keyOf, keys }) => {
      reportStep(`scoring slices by ${name.toLowerCase()}`);
      const parts = measureSlices(subject.ids.length, keyOf, measure);
      // A division with a single part would only repeat the scores of all rows.
      if (parts.length < 2) return [];
      return [{ name, parts: keys.flatMap((key) => parts.filter((part) => part.key === key)) }];
    }),
  };
}

function ofPrompts({ knowsPrompts, dataset }: LabelledRows): string | null {
  return knowsPrompts
    ? null
    : `${dataset.path} has no prompts, so rows that share one count as independent, and intervals may be too narrow`;
}

/** Builds the error for labels of which none can measure a judge without a tie. */
export function onlyTies(path: string): AbtieError {
  return new AbtieError(
    "data",
    `every label in ${path} is a tie, and the judge knows none: use a template with a label for the tie, or other labels.`,
  );
}
