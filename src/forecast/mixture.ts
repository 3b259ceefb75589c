import { sum } from "../numbers/sums.ts";
import {
  type Belief,
  FILTER_SIZE,
  learn,
  logLikelihoodOf,
  loosen,
  mergeFilters,
  type Observation,
  predict,
  startFilter,
} from "./filter.ts";
import type { Spread, SpreadPart } from "./spread.ts";

/** Filters of different beliefs, each weighted by how well it foresaw what happened. */
export interface Mixture {
  readonly beliefs: readonly WeightedBelief[];
  /** All filters, one after another. */
  readonly filters: Float64Array;
}

interface WeightedBelief extends Belief {
  readonly prior: number;
}

const ROW_NOISE = [0.03, 0.1, 0.3, 0.75] as const;
/**
 * Unfinished work at the end of a window, as a multiple of the request that is finished next: none, because one is done after
 * the other; the first part of it, because a batch takes so many tokens and splits the last prompt (chunked prefill), where
 * any part is as likely; or several, because they are computed side by side.
 */
const PARTIAL = [
  { mean: 0.05, sd: 0.05 },
  { mean: 0.5, sd: 0.29 },
  { mean: 2, sd: 2 },
] as const;
/** Spread of the wandering, as a share, and its time constant, as a share of the time that the pilot takes. */
const WANDER = [
  { sd: 0, span: 1, weight: 0.32 },
  { sd: 0.01, span: 0.1, weight: 0.15 },
  { sd: 0.01, span: 1, weight: 0.18 },
  { sd: 0.03, span: 0.1, weight: 0.15 },
  { sd: 0.03, span: 1, weight: 0.15 },
  // A machine that others use too.
  { sd: 0.3, span: 0.3, weight: 0.02 },
  { sd: 0.3, span: 3, weight: 0.03 },
] as const;
/** Standard deviation of the mean's drift over the whole job, as a share. */
const DRIFT = [
  { sd: 0, weight: 0.98 },
  { sd: 0.15, weight: 0.02 },
] as const;
/** Standard deviation of the drift between cost per row and cost per token over the whole job. */
const BEND_SD = 0.1;
const LEVEL_SD = 1;
/** Members below this share of the whole do not matter for a figure that is shown. */
const NEGLIGIBLE = 1e-4;

/**
 * Starts a mixture at a cost of about `rowMs` per average row. `pilotMs` and `jobMs` say how long the pilot and the whole
 * job take at that cost: the beliefs about noise are the same for a job of a minute and one of nine hours.
 */
export function startMixture(rowMs: number, pilotMs: number, jobMs: number): Mixture {
  const beliefs = ROW_NOISE.flatMap((rowNoise) =>
    PARTIAL.flatMap((partial) =>
      WANDER.flatMap((wander) =>
        DRIFT.map((drift) => ({
          rowNoise,
          partial,
          wander: wander.sd,
          wanderMs: wander.span * pilotMs,
          drift: drift.sd ** 2 / jobMs,
          bend: BEND_SD ** 2 / jobMs,
          prior: wander.weight * drift.weight,
        })),
      ),
    ),
  );
  const filters = new Float64Array(beliefs.length * FILTER_SIZE);
  for (const [i, belief] of beliefs.entries()) startFilter(filters, i * FILTER_SIZE, belief, rowMs, LEVEL_SD);
  return { beliefs, filters };
}

/** Teaches every filter one window, in which work with features `z` was finished. */
export function learnAll({ beliefs, filters }: Mixture, z: readonly number[], observation: Observation): Mixture {
  const next = filters.slice();
  for (const [i, belief] of beliefs.entries()) learn(next, i * FILTER_SIZE, belief, z, observation);
  return { beliefs, filters: next };
}

/** Lets every filter forget the speed, but not how it depends on length. */
export function loosenAll({ beliefs, filters }: Mixture, share: number): Mixture {
  const next = filters.slice();
  for (const [i, belief] of beliefs.entries()) loosen(next, i * FILTER_SIZE, belief, share);
  return { beliefs, filters: next };
}

/** Leaves out the filters that do not matter any more; for many forecasts from one state, not to be learned with. */
export function pruneAll(mixture: Mixture): Mixture {
  const weights = weightsOf(mixture);
  const kept = [...weights.keys()].filter((i) => (weights[i] ?? 0) >= NEGLIGIBLE);
  const filters = new Float64Array(kept.length * FILTER_SIZE);
  for (const [place, i] of kept.entries()) {
    filters.set(mixture.filters.subarray(i * FILTER_SIZE, (i + 1) * FILTER_SIZE), place * FILTER_SIZE);
  }
  return { beliefs: mixture.beliefs.filter((_, i) => (weights[i] ?? 0) >= NEGLIGIBLE), filters };
}

/** Merges what the filters know about the costs, see mergeFilters. */
export function mergeAll({ beliefs, filters }: Mixture, keep: number): Mixture {
  const next = filters.slice();
  mergeFilters(next, weightsOf({ beliefs, filters }), keep);
  return { beliefs, filters: next };
}

/**
 * Foresees the time of work with features `z` as a mixture of normals, weighted by prior and likelihood: Bayesian model
 * averaging (West & Harrison, Bayesian Forecasting and Dynamic Models, 2nd ed. 1997, section 12.2, multi-process class I).
 */
export function foresee(mixture: Mixture, z: readonly number[], next: readonly number[] | null): Spread {
  const { beliefs, filters } = mixture;
  const spread: SpreadPart[] = [];
  for (const [i, weight] of weightsOf(mixture).entries()) {
    const belief = beliefs[i];
    if (belief === undefined || weight < NEGLIGIBLE) continue;
    const { mean, variance } = predict(filters, i * FILTER_SIZE, belief, z, next);
    spread.push({ mean, variance, weight });
  }
  return spread;
}

function weightsOf({ beliefs, filters }: Mixture): readonly number[] {
  let top = Number.NEGATIVE_INFINITY;
  for (let at = 0; at < filters.length; at += FILTER_SIZE) top = Math.max(top, logLikelihoodOf(filters, at));
  const weights = beliefs.map(({ prior }, i) => prior * Math.exp(logLikelihoodOf(filters, i * FILTER_SIZE) - top));
  const total = sum(weights);
  return weights.map((weight) => weight / total);
}
