import type { Effects } from "../effects.ts";
import { createReportStep } from "../job/report-step.ts";
import { type Evaluation, evaluate } from "../metrics/evaluate.ts";
import { type LabelMass, labelMass } from "../metrics/label-mass.ts";
import { type Slice, slices } from "../metrics/slices.ts";
import type { SwapStudy } from "../metrics/swap.ts";
import { takeRows } from "../metrics/triples.ts";
import type { BootstrapOptions } from "../stats/bootstrap.ts";
import { inSampleWarning } from "./in-sample.ts";
import type { Labelled } from "./labelled.ts";
import { rawScores, studySwap } from "./raw-readings.ts";
import { readRowTexts } from "./row-texts.ts";
import type { NamedScores } from "./scores.ts";
import { divisionsOf } from "./slice-keys.ts";
import type { Subject } from "./subject.ts";

/** Everything that labels say about a run or a submission. Log losses are in nats. */
export interface SubjectEvaluation {
  /** The run folder or submission. */
  readonly subject: string;
  readonly kind: "run" | "submission";
  readonly labels: { readonly file: string; readonly sha256: string; readonly source: "labels" | "votes" };
  readonly rows: number;
  /** Different prompts among the rows. */
  readonly groups: number;
  /** Rows that hold the prior; null for a submission, which does not say. */
  readonly priorRows: number | null;
  /** The probabilities as written first, then what is known from the readings alone. */
  readonly scores: readonly NamedScores[];
  /** What swapping the answers does to the raw readings; null unless rows were scored in both orders. */
  readonly swap: SwapStudy | null;
  readonly mass: LabelMass | null;
  readonly slices: readonly SliceTable[];
  /** What to know before believing the numbers, one sentence each, without a full stop. */
  readonly warnings: readonly string[];
}

/** The scores of the parts of one way to divide the rows. */
export interface SliceTable {
  readonly name: string;
  readonly parts: readonly Slice<Evaluation>[];
}

/** Resamples for what stands beside the probabilities as written: there is much of it, and each costs time on a large file. */
const ASIDE_RESAMPLES = 2_000;

/** Evaluates what was judged against its labels, as a whole and by slice. */
export async function evaluateSubject(
  subject: Subject,
  labelled: Labelled,
  effects: Pick<Effects, "progress">,
): Promise<SubjectEvaluation> {
  const tell = createReportStep(subject.ids.length, effects);
  const { written, run, seed } = subject;
  const { truth, groups, dataset } = labelled;
  const aside: BootstrapOptions = { seed, resamples: ASIDE_RESAMPLES };
  const scored = { probabilities: written, truth, groups };
  tell("scoring the probabilities as written");
  const asWritten = { name: "as written", rows: subject.ids.length, evaluation: evaluate(scored, { seed }) };
  const warning = run === null ? null : await inSampleWarning(run, dataset.sha256);
  tell("reading the texts for the slices");
  const texts = await readRowTexts(labelled);
  const measure = (rows: Uint32Array): Evaluation => evaluate(takeRows(scored, rows), aside);
  if (run !== null) tell("scoring the readings, each order by itself");
  const scores = run === null ? [asWritten] : [asWritten, ...rawScores(run, labelled, aside)];
  return {
    subject: subject.path,
    kind: run === null ? "submission" : "run",
    labels: { file: dataset.path, sha256: dataset.sha256, source: labelled.source },
    rows: subject.ids.length,
    groups: new Set(groups).size,
    priorRows: run === null ? null : run.rows.obtained.filter((way) => way === "prior").length,
    scores,
    swap: run === null ? null : studySwap(run, groups, aside),
    mass: run === null ? null : labelMass(run.rows.mass),
    warnings: warning === null ? [] : [warning],
    slices: divisionsOf(texts, run?.rows ?? null).flatMap(({ name, keyOf, keys }) => {
      tell(`scoring slices by ${name.toLowerCase()}`);
      const parts = slices(subject.ids.length, keyOf, measure);
      // A single part would only repeat the whole.
      if (parts.length < 2) return [];
      return [{ name, parts: keys.flatMap((key) => parts.filter((part) => part.key === key)) }];
    }),
  };
}
