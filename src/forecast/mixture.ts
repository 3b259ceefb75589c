import { type Features, type Filter, learn, loosen, type Observation, predict, startFilter } from "./filter.ts";
import type { Spread, SpreadPart } from "./spread.ts";

/** Filters with different noise models. A filter's weight grows with how well it forecast the windows observed so far. */
export type Mixture = readonly Filter[];

/**
 * How much the times of rows scatter: little, as on an engine that nobody else uses; more; or much, as on a machine that others
 * use too. `weight` is the weight before any measurement. How long a deviation of the speed lasts is set in startMixture.
 */
const ENGINES = [
  { rowNoise: 0.05, deviation: 0.012, weight: 1 },
  { rowNoise: 0.3, deviation: 0.05, weight: 1 },
  { rowNoise: 0.75, deviation: 0.3, weight: 0.3 },
] as const;
/**
 * Unfinished work at the end of a window, as a multiple of the request that finishes next: almost none, when requests are
 * computed one after the other; any part of that request, when a batch takes a fixed number of tokens and so splits the last
 * prompt (chunked prefill); or several requests, when the engine computes them at the same time.
 */
const UNFINISHED = [
  { mean: 0.05, sd: 0.05 },
  { mean: 0.5, sd: 0.29 },
  { mean: 2, sd: 2 },
] as const;
/** Standard deviation of the drift between cost per row and cost per token over the whole job, as a share. */
const SHAPE_DRIFT_SD = 0.07;
/** Standard deviation of the first guess of the cost of an average row, as a share of it. */
const LEVEL_SD = 1;
/** Filters with less than this share of the largest weight are skipped, because they change no number that is shown. */
const NEGLIGIBLE = 1e-4;

/**
 * Starts a mixture that expects about `rowMs` (ms) per average row. `pilotMs` and `jobMs` are the durations (ms) of the pilot
 * and of the whole job at that cost. The noise models are scaled by them, so that they suit a job of a minute and one of nine
 * hours. A deviation of the speed lasts about as long as the pilot.
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

/** Makes every filter forget the speed but keep how cost depends on length; see loosen. */
export function loosenAll(mixture: Mixture, share: number): Mixture {
  return mixture.map((filter) => loosen(filter, share));
}

/**
 * Forecasts the time (ms) of an amount of work as a mixture of normal distributions, weighted by prior and likelihood: Bayesian
 * model averaging (West & Harrison, Bayesian Forecasting and Dynamic Models, 2nd ed. 1997, section 12.2, multi-process class
 * I).
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
