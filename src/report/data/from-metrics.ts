import type { PairComparison } from "../../metrics/compare-pairs.ts";
import type { Evaluation } from "../../metrics/evaluate.ts";
import type { ReliabilityBin as Bin } from "../../metrics/reliability.ts";
import { pairSentence } from "../../metrics/sentence.ts";
import type { SliceResult } from "../../metrics/slices.ts";
import type { SwapStudy } from "../../metrics/swap.ts";
import type { Interval } from "../../stats/interval.ts";
import type { Pair } from "./comparison-data.ts";
import type { Baseline, Estimate, PositionBias, Reliability, Scores, SliceGroup } from "./run-data.ts";

/** Turns an evaluation into the line of scores that a report shows. */
export function scoresOf(name: string, evaluation: Evaluation): Scores {
  const { logLoss, accuracy, brier, calibration } = evaluation;
  return {
    name,
    rows: logLoss.rows,
    logLoss: estimateOf(logLoss, [0, Number.POSITIVE_INFINITY]),
    accuracy: estimateOf(accuracy, [0, 1]),
    brier: estimateOf(brier, [0, 2]),
    ece: calibration.ece,
    eceWhenCalibrated: calibration.whenCalibrated,
  };
}

/** Lists the baselines that need no judge: the share of each class in these rows, and equal shares. */
export function baselinesOf({ prior, logLoss }: Evaluation): readonly Baseline[] {
  const { value, low, high } = estimateOf(logLoss);
  const uniform = Math.log(prior.shares.length);
  return [
    { name: "class prior", logLoss: prior.logLoss, gain: estimateOf(prior.gain) },
    {
      name: "uniform",
      logLoss: uniform,
      gain: {
        value: uniform - value,
        low: high === null ? null : uniform - high,
        high: low === null ? null : uniform - low,
      },
    },
  ];
}

/**
 * Turns the bins of a reliability diagram into the form that a report draws. `ece` is null when it is not computed.
 */
export function reliabilityOf(name: string, bins: readonly Bin[], ece: number | null): Reliability {
  return {
    name,
    ece,
    bins: bins.map(({ rows, predicted, observed, interval }) => ({
      rows,
      predicted,
      observed: { value: observed, low: interval.low, high: interval.high },
    })),
  };
}

/** Turns evaluated slices into the table that a report shows. */
export function sliceGroupOf(name: string, parts: readonly SliceResult<Evaluation>[]): SliceGroup {
  return {
    name,
    slices: parts.map(({ key, rows, result }) => ({
      name: key,
      rows,
      logLoss: estimateOf(result.logLoss, [0, Number.POSITIVE_INFINITY]),
      accuracy: estimateOf(result.accuracy, [0, 1]),
      ece: result.calibration.ece,
    })),
  };
}

/** Turns a study of both orders into the section data of a report; null when no row was scored in both orders. */
export function positionOf(study: SwapStudy): PositionBias | null {
  if (study.pairs === 0) return null;
  return {
    rows: study.pairs,
    flipRate: { value: study.flipRate, low: study.flipInterval.low, high: study.flipInterval.high },
    towardFirst: study.towardFirst / study.pairs,
    towardSecond: study.towardSecond / study.pairs,
  };
}

/**
 * Turns a comparison of two variants into a pair of a report. One variant is shown to be better when the adjusted p
 * value is at most 1 - level and the difference exceeds the noise floor (nats; null when it was not measured). For a
 * comparison that stopped early the caller must replace `better` and `sentence` by the verdict of its confidence
 * sequence, because p values are not valid there.
 */
export function pairOf(pair: PairComparison, measure: Pair["measure"], noiseFloor: number | null): Pair {
  const { logLoss, p } = pair;
  const known = p !== null && p <= 1 - logLoss.level && Math.abs(logLoss.mean) > (noiseFloor ?? 0);
  return {
    first: pair.first,
    second: pair.second,
    measure,
    rows: logLoss.rows,
    difference: estimateOf(logLoss),
    p: logLoss.error?.p ?? null,
    adjustedP: p,
    mcnemarP: pair.accuracy.p,
    better: known ? (logLoss.mean > 0 ? "second" : "first") : null,
    sentence: pairSentence(pair, noiseFloor),
  };
}

/**
 * Lowest and highest possible value of a score. Its interval is cut to this range, because a bootstrap of few rows can
 * exceed the range.
 */
type Range = readonly [number, number];
const ANY: Range = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];

/** Turns an estimated mean into the number and the interval that a report shows. */
export function estimateOf({ mean, error }: Evaluation["logLoss"], range: Range = ANY): Estimate {
  return intervalOf(mean, error?.interval ?? null, range);
}

/**
 * Adds an interval to a number. Leaves out an interval without finite ends, which occurs at a look after very few rows.
 */
export function intervalOf(value: number, interval: Interval | null, [least, most]: Range = ANY): Estimate {
  const { low, high } = interval ?? { low: Number.NaN, high: Number.NaN };
  if (!(Number.isFinite(low) && Number.isFinite(high))) return { value, low: null, high: null };
  return { value, low: Math.max(low, least), high: Math.min(high, most) };
}
