import { comparePairs } from "../metrics/compare-pairs.ts";
import { sequentialSentence } from "../metrics/sentence.ts";
import type { Pair, Stopping } from "../report/data/comparison-data.ts";
import { intervalOf, pairOf } from "../report/data/from-metrics.ts";
import type { BootstrapOptions } from "../stats/bootstrap.ts";
import type { Assessment } from "./assess.ts";
import { pairsOf, type Replay } from "./interim-looks.ts";
import type { Labels } from "./labels.ts";

export type Measure = Pair["measure"];

/** For a comparison that may stop early: probability that the intervals of all pairs hold together. */
export const LEVEL = 0.95;

/**
 * Compares every pair of variants by their calibrated or raw probabilities, on a number of rows that was fixed before.
 */
export function fixedPairs(
  assessments: readonly Assessment[],
  labels: Omit<Labels, "ids">,
  measure: Measure,
  options: BootstrapOptions,
): readonly Pair[] {
  const variants = assessments.map(({ name, raw, calibrated, secondsPerRow }) => {
    const { probabilities } = measure === "raw" ? raw : (calibrated ?? raw);
    return { name, probabilities, msPerRow: secondsPerRow > 0 ? 1000 * secondsPerRow : null };
  });
  const noise = noiseFloor(assessments, measure);
  return comparePairs(variants, labels, options).map((pair) => pairOf(pair, measure, noise));
}

/** Compares the pairs by confidence sequences, because p values are not valid for a comparison that may stop early. */
export function sequentialPairs(
  assessments: readonly Assessment[],
  { states }: Pick<Replay, "states">,
  margin: number | null,
): readonly Pair[] {
  const noise = noiseFloor(assessments, "raw");
  return pairsOf(assessments.length).flatMap(([one, other], index) => {
    const [first, second, state] = [assessments[one], assessments[other], states[index]];
    if (first === undefined || second === undefined || state === undefined) return [];
    const { verdict, mean, rows } = state;
    const timeRatio = first.secondsPerRow > 0 ? second.secondsPerRow / first.secondsPerRow : null;
    const names = { first: first.name, second: second.name };
    const sentence = sequentialSentence(state, { ...names, level: LEVEL, margin, timeRatio, pairs: states.length });
    const isDecided = verdict === "better" || verdict === "worse";
    const isNoise = noise !== null && Math.abs(mean) <= noise;
    return {
      ...names,
      measure: "raw" as const,
      rows,
      difference: intervalOf(mean, state.interval),
      p: null,
      adjustedP: null,
      mcnemarP: null,
      better: isDecided && !isNoise ? (verdict === "better" ? ("second" as const) : ("first" as const)) : null,
      sentence: isDecided && isNoise ? `${sentence}; but scoring the same rows again changes as much` : sentence,
    };
  });
}

/**
 * Returns the largest noise of the variants: the change in log loss (nats) when rows are scored again; null when it was
 * not measured.
 */
export function noiseFloor(assessments: readonly Assessment[], measure: Measure): number | null {
  const measured = assessments.flatMap(({ noise }) => noise[measure]?.noise ?? []);
  return measured.length === 0 ? null : Math.max(...measured);
}

/** Describes early stopping for the report. */
export function stoppingOf(
  names: readonly string[],
  { looks, decidedAfter }: Pick<Replay, "looks" | "decidedAfter">,
  rows: { readonly scored: number; readonly available: number },
): Stopping {
  return {
    stoppedAt: decidedAfter === null ? null : rows.scored,
    available: rows.available,
    paths: pairsOf(names.length).map(([first, second], index) => ({
      first: names[first] ?? "",
      second: names[second] ?? "",
      looks: (looks[index] ?? []).map((look) => ({
        rows: look.rows,
        difference: intervalOf(look.mean, look.interval),
      })),
    })),
  };
}
