import { applyCalibration, type Parameters } from "../calibrate/apply.ts";
import { createFitter, type Kind, type LabelledReadings } from "../calibrate/fit.ts";
import { fitLogistic } from "../calibrate/logistic.ts";
import { type Readings, type RowReadings, readingsOf } from "../calibrate/readings.ts";
import { type ClassMatrix, pickRows, rowsOf } from "../class-matrix.ts";
import { mapClasses } from "../classes.ts";
import { classPrior } from "../metrics/class-prior.ts";
import type { PerClass } from "../types.ts";
import { logOf } from "./combine.ts";
import { type Combination, POOLED, type PooledKey, type PoolWeights } from "./model.ts";
import { type AnswerCounts, type OrderCount, ordersAnswered } from "./steps.ts";

/** Labelled rows with the readings of both judges. A row may lack any of them. */
export interface LabelledJudges {
  readonly readings: readonly [small: Readings, large: Readings];
  /** The labels: 1 for the winner and 0 for the others, or the shares of the votes. */
  readonly truth: ClassMatrix;
  /** Group number of each row. Rows with the same prompt are one group. */
  readonly groups: Uint32Array;
}

/** Selects the rows that one judge has answered, as labelled readings, and keeps their numbers. */
export function judgedBy(labelled: LabelledJudges, judge: 0 | 1): { known: LabelledReadings; rows: Uint32Array } {
  const { ab, ba } = labelled.readings[judge];
  const rows = Uint32Array.from(labelled.groups.keys()).filter(
    (row) => ordersAnswered(readingsOf({ ab, ba }, row)) > 0,
  );
  return {
    rows,
    known: {
      readings: { ab: pickRows(ab, rows), ba: pickRows(ba, rows) },
      truth: pickRows(labelled.truth, rows),
      groups: rows.map((row) => labelled.groups[row] as number),
    },
  };
}

/**
 * Creates a function that fits the combination to some of the rows. A fit minimises the log loss in two convex steps: first the
 * calibration of each judge by itself, then the two weights of the logarithmic pool for each number of orders (stacking: Wolpert
 * 1992, "Stacked Generalization", Neural Networks 5(2)). The weights are not negative: a judge whose best weight would be is
 * left out. A row counts once, however many orders it was read in.
 */
export function createCombinationFitter(
  labelled: LabelledJudges,
  kinds: readonly [small: Kind, large: Kind],
): (rows: Uint32Array) => Combination {
  const fitters = [judgeFitter(labelled, 0, kinds[0]), judgeFitter(labelled, 1, kinds[1])] as const;
  return (rows) => {
    const prior = smoothedPrior(pickRows(labelled.truth, rows));
    const judges = [fitters[0](rows), fitters[1](rows)] as const;
    const weightsOf = (key: PooledKey): PoolWeights => fitWeights(labelled, rows, { prior, judges, key });
    const [one, two, three, four] = POOLED.map(weightsOf) as [PoolWeights, PoolWeights, PoolWeights, PoolWeights];
    return { prior, judges, weights: { "11": one, "12": two, "21": three, "22": four } };
  };
}

function judgeFitter(labelled: LabelledJudges, judge: 0 | 1, kind: Kind): (rows: Uint32Array) => Parameters {
  const { known, rows: judged } = judgedBy(labelled, judge);
  const placeOf = new Map(Array.from(judged, (row, place) => [row, place]));
  const fitTo = createFitter(kind, known);
  return (rows) => fitTo(Uint32Array.from([...rows].flatMap((row) => placeOf.get(row) ?? [])));
}

/** Computes the share of each class among the rows and one more row of each class, so that none is 0. */
function smoothedPrior(truth: ClassMatrix): PerClass {
  const rows = rowsOf(truth);
  return mapClasses(classPrior(truth), (share) => (share * rows + 1) / (rows + truth.classes.length));
}

interface WeightsProblem extends Omit<Combination, "weights"> {
  readonly key: PooledKey;
}

/** Weights that ignore the large judge. */
export const SMALL_ALONE: PoolWeights = { small: 1, large: 0 };

function fitWeights(labelled: LabelledJudges, rows: Uint32Array, problem: WeightsProblem): PoolWeights {
  const counts = countsOfKey(problem.key);
  const seen = [...rows].flatMap((row) => {
    const [small, large] = ([0, 1] as const).map((judge) =>
      viewsOf(readingsOf(labelled.readings[judge], row), counts[judge]).map((view) =>
        applyCalibration(problem.judges[judge], view).map(logOf),
      ),
    ) as [number[][], number[][]];
    const views = small.flatMap((first) => large.map((second) => [first, second]));
    return views.map((logs) => ({ row, logs, weight: 1 / views.length }));
  });
  const { classes } = labelled.truth;
  const prior = problem.prior.map(Math.log);
  const chosen = Uint32Array.from(seen, ({ row }) => row);
  const fitTo = (judges: readonly number[]): Float64Array =>
    fitLogistic(
      {
        features: Float64Array.from(
          seen.flatMap(({ logs }) =>
            [...classes.keys()].flatMap((k) => judges.map((judge) => (logs[judge]?.[k] ?? 0) - (prior[k] ?? 0))),
          ),
        ),
        offsets: Float64Array.from(seen.flatMap(() => prior)),
        truth: pickRows(labelled.truth, chosen),
        weights: Float64Array.from(seen, ({ weight }) => weight),
      },
      new Float64Array(judges.length),
    );
  const [small = 0, large = 0] = fitTo([0, 1]);
  if (small >= 0 && large >= 0) return { small, large };
  if (large < 0) return SMALL_ALONE;
  return { small: 0, large: Math.max(0, fitTo([1])[0] ?? 0) };
}

/** Reads the numbers of orders from their key. */
export function countsOfKey(key: string): AnswerCounts {
  return [Number(key[0]) as OrderCount, Number(key[1]) as OrderCount];
}

/** Lists all ways in which one judge may have answered as many orders as `count` says, by the answers that there are. */
export function viewsOf({ ab, ba }: RowReadings, count: OrderCount): readonly RowReadings[] {
  switch (count) {
    case 0:
      return [{ ab: null, ba: null }];
    case 1:
      return [...(ab === null ? [] : [{ ab, ba: null }]), ...(ba === null ? [] : [{ ab: null, ba }])];
    case 2:
      return ab === null || ba === null ? [] : [{ ab, ba }];
    default:
      return count satisfies never;
  }
}
