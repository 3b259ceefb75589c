import { type Features, type Filter, learn, loosen, type Observation, predict, startFilter } from "./filter.ts";
import type { Spread, SpreadPart } from "./spread.ts";

/** Filters with different noise models; each counts by how well it forecast the windows observed so far. */
export type Mixture = readonly Filter[];

/**
 * How the times of a row scatter: evenly, as on an engine of one's own; more; or widely, on a machine that others use too.
 * Deviations of the speed last about as long as the pilot takes.
 */
const ENGINES = [
  { rowNoise: 0.05, deviation: 0.012, weight: 1 },
  { rowNoise: 0.3, deviation: 0.05, weight: 1 },
  { rowNoise: 0.75, deviation: 0.3, weight: 0.3 },
] as const;
/**
 * Unfinished work at the end of a window, as a multiple of the request that is finished next: none, because requests are
 * computed one after the other; any part of it, because a batch takes so many tokens and splits the last prompt (chunked
 * prefill); or several requests, because they are computed side by side.
 */
const UNFINISHED = [
  { mean: 0.05, sd: 0.05 },
  { mean: 0.5, sd: 0.29 },
  { mean: 2, sd: 2 },
] as const;
/** Standard deviation of the drift between cost per row and cost per token over the whole job, as a share. */
const SHAPE_DRIFT_SD = 0.07;
/** How uncertain the first guess of the level of all costs is, as a share. */
const LEVEL_SD = 1;
/** Filters of less than this share of the largest weight change no figure that is shown. */
const NEGLIGIBLE = 1e-4;

/**
 * Starts a mixture at a cost of about `rowMs` per average row. `pilotMs` and `jobMs` are how long the pilot and the whole job
 * take at that cost: the noise models are the same for a job of a minute and one of nine hours.
 */
export function startMixture(rowMs: number, pilotMs: number, jobMs: number): Mixture {
  const common = { deviationMs: pilotMs, shapeDrift: SHAPE_DRIFT_SD ** 2 / jobMs };
  return ENGINES.flatMap(({ weight, ...scatter }) =>
    UNFINISHED.map((unfinished) => startFilter({ ...scatter, ...common, unfinished }, rowMs, LEVEL_SD, weight)),
  );
}

/** Lets every filter learn from one window. */
export function learnWindow(mixture: Mixture, observation: Observation): Mixture {
  return mixture.map((filter) => learn(filter, observation));
}

/** Lets every filter forget the speed, but not how it depends on length; see loosen. */
export function loosenAll(mixture: Mixture, share: number): Mixture {
  return mixture.map((filter) => loosen(filter, share));
}

/**
 * Forecasts the time of an amount of work as a mixture of normal distributions, weighted by prior and likelihood: Bayesian
 * model averaging (West & Harrison, Bayesian Forecasting and Dynamic Models, 2nd ed. 1997, section 12.2, multi-process class I).
 */
export function forecastMixture(mixture: Mixture, work: Features, next: Features | null): Spread {
  const top = Math.max(...mixture.map(({ logWeight }) => logWeight));
  const spread: SpreadPart[] = [];
  for (const filter of mixture) {
    const weight = Math.exp(filter.logWeight - top);
    if (weight < NEGLIGIBLE) continue;
    const { mean, variance } = predict(filter, work, next);
    spread.push({ mean, variance, weight });
  }
  return spread;
}
