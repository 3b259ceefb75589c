import { applyCalibration } from "../calibrate/apply.ts";
import { groupedFolds } from "../calibrate/cross-validate.ts";
import type { Kind } from "../calibrate/fit.ts";
import { readingsOf } from "../calibrate/readings.ts";
import { studyCalibration } from "../calibrate/study.ts";
import { rowAt } from "../class-matrix.ts";
import { AbtieError } from "../errors.ts";
import { formatFixed, plural } from "../format.ts";
import { mean } from "../numbers/sums.ts";
import { type BootstrapOptions, bootstrapMean, type MeanEstimate } from "../stats/bootstrap.ts";
import type { PerClass } from "../types.ts";
import { poolJudges } from "./combine.ts";
import { impurity } from "./fall.ts";
import { countsOfKey, createCombinationFitter, judgedBy, type LabelledJudges, SMALL_ALONE, viewsOf } from "./fit.ts";
import {
  type Combination,
  type EscalationModel,
  MOVES,
  type Move,
  POOLED,
  type PooledKey,
  type PoolWeights,
} from "./model.ts";

/** What a row may have: the keys of the counts of its answers. */
export const COUNTS = ["10", "20", ...POOLED] as const;
export type CountsKey = (typeof COUNTS)[number];

export interface EscalationStudyOptions extends BootstrapOptions {
  /** Number of folds of the cross-validation. Default 5, fewer when there are fewer groups. */
  readonly folds?: number;
  /** Number of random divisions into folds to average over. Default 4. */
  readonly repeats?: number;
}

/** The result of fitting and cross-validating the combination of two judges. Numbers are in nats. */
export interface EscalationStudy {
  readonly model: EscalationModel;
  readonly kinds: readonly [small: Kind, large: Kind];
  readonly rows: number;
  readonly groups: number;
  readonly folds: number;
  readonly repeats: number;
  readonly seed: number;
  /** Out-of-fold log loss of the rows that have at least these answers, by the number of orders of each judge. */
  readonly losses: Readonly<Record<CountsKey, MeanEstimate | null>>;
  /** By how much further answers lower the out-of-fold log loss, paired by row; null where no row has the answers. */
  readonly falls: Readonly<Record<Move, MeanEstimate | null>>;
  /** The pools that are worse on held-out rows than one answer of the small judge, and therefore ignore the large one. */
  readonly refusedPools: readonly PooledKey[];
  /** Why the model must not be used; null when it lowers the log loss of held-out rows. */
  readonly refusal: string | null;
}

/**
 * Fits how two judges are combined and what further answers of a row bring, and cross-validates both. The rows of a group are
 * always in the same fold.
 *
 * What a move brings is one number, the sum of the falls of the log loss on held-out rows divided by the sum of their impurities.
 * The loss of a row with one order is the mean over both orders. Thus the fall by a second order of the same judge has almost no
 * noise of the labels: for a logarithmic mean it is the ambiguity of the readings, which does not depend on the label (Heskes 1998,
 * "Selecting weighting factors in logarithmic opinion pools"). A move that does not lower the log loss of held-out rows brings 0
 * and is never made. A pool that is worse on held-out rows than one answer of the small judge is replaced by the small judge alone.
 *
 * Throws AbtieError("data") when both judges have answered rows of fewer than 10 prompts.
 */
export function studyEscalation(labelled: LabelledJudges, options: EscalationStudyOptions): EscalationStudy {
  refuseFewRows(labelled);
  const groups = new Set(labelled.groups).size;
  const folds = Math.min(options.folds ?? 5, Math.max(1, groups));
  const repeats = options.repeats ?? 4;
  const kinds = [kindOf(labelled, 0, options), kindOf(labelled, 1, options)] as const;
  const fitTo = createCombinationFitter(labelled, kinds);
  const divisions = Array.from({ length: repeats }, (_, k) =>
    groupedFolds(labelled.groups, folds, options.seed + k * SEED_STEP),
  );
  const held = scoreOutOfFold(labelled, fitTo, divisions);
  const fitted = fitTo(Uint32Array.from(labelled.groups.keys()));
  const refused = POOLED.filter((key) => mean(fallsOf(held, "10", key)) <= LEAST_FALL);
  const estimate = (values: readonly number[], rows: readonly number[]): MeanEstimate | null => {
    if (values.length === 0) return null;
    const groupOf = Uint32Array.from(rows, (row) => labelled.groups[row] as number);
    return bootstrapMean(Float64Array.from(values), groupOf, options);
  };
  const study = {
    model: modelOf(held, fitted, refused),
    kinds,
    rows: labelled.groups.length,
    groups,
    folds,
    repeats,
    seed: options.seed,
    refusedPools: refused,
    losses: mapKeys(COUNTS, (key) => {
      const rows = rowsWith(held, key, key);
      return estimate(
        rows.map((row) => held[key].losses[row] as number),
        rows,
      );
    }),
    falls: mapKeys(MOVES, (move) => estimate(fallsOf(held, ...endsOf(move)), rowsWith(held, ...endsOf(move)))),
  };
  return { ...study, refusal: refusalOfStudy(study) };
}

/** Makes the model. A pool of which no labelled row has all answers gets the weights of the pool of one order each. */
function modelOf(held: HeldOutByCounts, fitted: Combination, refused: readonly PooledKey[]): EscalationModel {
  const weightsOf = (key: PooledKey): PoolWeights => {
    const known = rowsWith(held, key, key).length > 0 ? key : "11";
    return refused.includes(known) ? SMALL_ALONE : fitted.weights[known];
  };
  return {
    prior: fitted.prior,
    judges: fitted.judges,
    weights: mapKeys(POOLED, weightsOf),
    falls: mapKeys(MOVES, (move) => (refused.some((key) => move.endsWith(key)) ? 0 : fitRate(held, move))),
  };
}

function refuseFewRows(labelled: LabelledJudges): void {
  const [small, large] = [judgedBy(labelled, 0).rows, new Set(judgedBy(labelled, 1).rows)];
  const both = small.filter((row) => large.has(row));
  const prompts = new Set(both.map((row) => labelled.groups[row] as number)).size;
  if (prompts >= FEWEST_PROMPTS) return;
  throw new AbtieError(
    "data",
    `the combination of two judges is fitted to labelled rows that both have answered, of at least ${FEWEST_PROMPTS} different prompts; ` +
      `found ${plural(both.length, "such row")} of ${plural(prompts, "prompt")}: judge more labelled rows with both`,
  );
}

const FEWEST_PROMPTS = 10;

/** Distance between the seeds of repeats; see studyCalibration. */
const SEED_STEP = 1_000_003;

/** A smaller mean fall of the log loss, nats, is an error of rounding. */
const LEAST_FALL = 1e-6;

/** Chooses the kind of calibration with the lowest out-of-fold log loss. */
function kindOf(labelled: LabelledJudges, judge: 0 | 1, { seed }: EscalationStudyOptions): Kind {
  const { candidates } = studyCalibration(judgedBy(labelled, judge).known, {
    seed,
    folds: 5,
    repeats: 2,
    resamples: 100,
  });
  return candidates.reduce((best, one) => (one.logLoss < best.logLoss ? one : best)).kind;
}

function mapKeys<Key extends string, Value>(keys: readonly Key[], numberOf: (key: Key) => Value): Record<Key, Value> {
  return Object.fromEntries(keys.map((key) => [key, numberOf(key)])) as Record<Key, Value>;
}

/** Of each row with so many answers, the loss and the impurity as means over the orders that they may be; else NaN. */
interface HeldOut {
  readonly losses: Float64Array;
  readonly impurities: Float64Array;
}
type HeldOutByCounts = Readonly<Record<CountsKey, HeldOut>>;

function scoreOutOfFold(
  labelled: LabelledJudges,
  fitTo: (rows: Uint32Array) => Combination,
  divisions: readonly Uint8Array[],
): HeldOutByCounts {
  const size = labelled.groups.length;
  const held = mapKeys(COUNTS, () => ({ losses: new Float64Array(size), impurities: new Float64Array(size) }));
  const rows = Uint32Array.from(labelled.groups.keys());
  for (const folds of divisions) {
    for (const fold of new Set(folds)) {
      const combination = fitTo(rows.filter((row) => folds[row] !== fold));
      for (const row of rows.filter((row) => folds[row] === fold)) {
        const truth = rowAt(labelled.truth, row);
        for (const key of COUNTS) {
          const views = predict(labelled, combination, row, key);
          const { losses, impurities } = held[key];
          losses[row] = (losses[row] as number) + mean(views.map((p) => lossOf(p, truth))) / divisions.length;
          impurities[row] = (impurities[row] as number) + mean(views.map(impurity)) / divisions.length;
        }
      }
    }
  }
  return held;
}

/** Predicts a row with so many answers, in all ways in which it may have come to them. */
function predict(labelled: LabelledJudges, combination: Combination, row: number, key: CountsKey): readonly PerClass[] {
  const counts = countsOfKey(key);
  const of = (judge: 0 | 1): readonly PerClass[] =>
    viewsOf(readingsOf(labelled.readings[judge], row), counts[judge]).map((view) =>
      applyCalibration(combination.judges[judge], view),
    );
  const small = of(0);
  if (key === "10" || key === "20") return small;
  const large = of(1);
  const weights = combination.weights[key];
  return small.flatMap((first) => large.map((second) => poolJudges(combination.prior, [first, second], weights)));
}

/** Computes the log loss of one row, nats; probabilities of 0 count as 2^-52, as in logLosses. */
function lossOf(probabilities: PerClass, truth: PerClass): number {
  return truth.reduce<number>(
    (loss, share, k) => loss - share * Math.log(Math.max(Number.EPSILON, probabilities[k] ?? Number.NaN)),
    0,
  );
}

function endsOf(move: Move): readonly [from: CountsKey, to: CountsKey] {
  return move.split(">") as [CountsKey, CountsKey];
}

function rowsWith(held: HeldOutByCounts, from: CountsKey, to: CountsKey): readonly number[] {
  const has = (key: CountsKey, row: number): boolean => !Number.isNaN(held[key].losses[row]);
  return [...held[from].losses.keys()].filter((row) => has(from, row) && has(to, row));
}

function fallsOf(held: HeldOutByCounts, from: CountsKey, to: CountsKey): readonly number[] {
  const [before, after] = [held[from].losses, held[to].losses];
  return rowsWith(held, from, to).map((row) => (before[row] as number) - (after[row] as number));
}

function fitRate(held: HeldOutByCounts, move: Move): number {
  const [from, to] = endsOf(move);
  const fall = mean(fallsOf(held, from, to));
  if (!(fall > LEAST_FALL)) return 0;
  return fall / mean(rowsWith(held, from, to).map((row) => held[from].impurities[row] as number));
}

function refusalOfStudy({ model, losses }: Pick<EscalationStudy, "model" | "losses">): string | null {
  if (MOVES.some((move) => model.falls[move] > 0)) return null;
  return (
    "no further answer lowers the log loss on held-out rows: " +
    `${formatFixed(losses["10"]?.mean ?? Number.NaN, 3)} nats with one answer of the small judge; run it alone, or label more rows`
  );
}
