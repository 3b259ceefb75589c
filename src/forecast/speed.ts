import { sum } from "../numbers/sums.ts";
import type { Features } from "./filter.ts";
import { addLoss, addLosses, type Losses, NO_LOSSES } from "./losses.ts";
import { forecastMixture, learnWindow, loosenAll, type Mixture, startMixture } from "./mixture.ts";
import { meanOf, type Spread, varianceOf } from "./spread.ts";
import {
  addFinished,
  engineDown,
  type Finished,
  openWindow,
  startWindows,
  type Window,
  type Windows,
} from "./windows.ts";
import { type Work, workOf } from "./work.ts";

/** The speed of the engine, estimated from the finished requests. It is immutable: each function returns a new one. */
export interface Speed {
  /** Work of scoring every row of the job once. Its average row is the unit of the features. */
  readonly job: Work;
  readonly pilotRows: number;
  readonly windows: Windows;
  /** The windows of the pilot. With each new one the filters start again and learn from all of them. Null after the pilot. */
  readonly early: readonly Window[] | null;
  /** Time that the engine stalled, estimated from outlier windows. */
  readonly stalls: Losses;
  /**
   * Windows whose time was far from the forecast. The next window shows whether the engine only stalled or now has another
   * speed.
   */
  readonly outliers: readonly Window[];
  /** Null before the first window. */
  readonly mixture: Mixture | null;
  /** Number of windows that the filters have learned from. */
  readonly learned: number;
  /** Requests allowed in flight in the latest window, for which the learned speed holds. */
  readonly concurrency: number;
  /**
   * Expected time of an average row, ms: the forecast for the last window divided by its rough cost. Null before the first
   * forecast.
   */
  readonly roughRowMs: number | null;
}

/** The pilot has about this many windows. */
const PILOT_WINDOWS = 40;
/** After this many windows the filters no longer start again, even if the pilot goes on. */
const EARLY_WINDOWS = 60;
/** A long job has at most about this many windows. */
const MOST_WINDOWS = 1_000;
/** A window that takes more than this many times its expected time is closed early. */
const SLOW = 6;
/**
 * An engine that has just started to respond is slower: mean and standard deviation of the extra time as shares of the expected
 * time, and the time constant of its decay (ms).
 */
const WARM_UP = { mean: 0.045, sd: 0.15, ms: 15_000 } as const;
/** Before the filters have learned from this many windows, no window counts as an outlier. */
const LEAST_LEARNED = 6;
/**
 * The time of an outlier differs from the forecast by more than this many standard deviations and by more than this share of
 * the expected time.
 */
const OUTLIER_SD = 6;
const OUTLIER_SHARE = 0.4;
/**
 * A window in less than this share of the expected time is an outlier too. A filter that expects wide deviations would
 * otherwise never meet one that is too fast, because no time is below 0, and would keep the speed of a stall for good.
 */
const FAST_SHARE = 0.25;
/**
 * This many outliers in a row mean that the speed has changed. The filters then add an uncertainty to all costs, with this
 * standard deviation as a share of the cost.
 */
const CHANGE_WINDOWS = 2;
const CHANGE_SD = 1;
/** Nothing is forecast from fewer windows than this, because the uncertain ends of a single window are a large part of it. */
const LEAST_FORECAST = 2;

/** Starts to measure the speed of a job with the work `job` and `pilotRows` rows in its pilot. */
export function startSpeed(job: Work, pilotRows: number): Speed {
  const leastRows = Math.max(pilotRows / PILOT_WINDOWS, job.rows / MOST_WINDOWS);
  return {
    job,
    pilotRows,
    windows: startWindows(Math.max(1, Math.ceil(leastRows))),
    early: [],
    stalls: NO_LOSSES,
    outliers: [],
    mixture: null,
    learned: 0,
    concurrency: 0,
    roughRowMs: null,
  };
}

/** Takes a finished request into account at once. The computing time does not grow with the size of the job. */
export function observeFinished(speed: Speed, request: Finished): Speed {
  const { windows, closed } = addFinished(speed.windows, request, slowMs(speed));
  return observeWindow({ ...speed, windows }, closed);
}

/**
 * Records that the engine went down at `at` (monotonic, ms). Outliers before that moment count as stalls, because the windows
 * after a restart do not show what caused them.
 */
export function observeEngineDown(speed: Speed, at: number): Speed {
  return { ...writeOffOutliers(speed), windows: engineDown(speed.windows, at) };
}

/**
 * Takes the window that is still open into account too, for a forecast from this moment. Do not add requests to the result,
 * because the open window would then count twice.
 */
export function upToDate(speed: Speed): Speed {
  return observeWindow(speed, openWindow(speed.windows));
}

/** Sums up the time lost so far. */
export function lossesOf({ stalls, windows }: Speed): Losses {
  return addLosses(windows.losses, stalls);
}

/** Forecasts the time (ms) of an amount of work at the present speed, without losses; null while the speed is unknown. */
export function forecastWorkTime({ mixture, job, learned }: Speed, work: Work): Spread | null {
  return mixture === null || learned < LEAST_FORECAST ? null : forecastMixture(mixture, features(job, work), null);
}

/**
 * Computes the time (ms) after which the open window may be closed early, so that a sudden slowdown is noticed before the
 * window is full.
 */
function slowMs({ job, windows, roughRowMs }: Speed): number {
  return roughRowMs === null ? Number.POSITIVE_INFINITY : SLOW * roughRowMs * roughCost(job, windows.openWork);
}

function observeWindow(speed: Speed, window: Window | null): Speed {
  if (window === null) return speed;
  return speed.early === null ? monitor(speed, window) : startAgain(speed, [...speed.early, window]);
}

/**
 * Starts the filters again with each window of the pilot, at the mean cost so far, because the first window alone gives a bad
 * estimate.
 */
function startAgain(speed: Speed, early: readonly Window[]): Speed {
  const { job, pilotRows, windows, roughRowMs } = speed;
  const rowMs = sum(early.map(({ ms }) => ms)) / sum(early.map(({ work }) => roughCost(job, work)));
  const started: Speed = {
    ...startSpeed(job, pilotRows),
    windows,
    roughRowMs,
    mixture: startMixture(rowMs, rowMs * pilotRows, rowMs * job.rows),
    concurrency: early[0]?.concurrency ?? 0,
  };
  const isPilot = sum(early.map(({ work }) => work.rows)) < pilotRows && early.length < EARLY_WINDOWS;
  const learned = early.reduce((speed, window, i) => {
    const isAfterLoss = window.warmAt !== (early[i - 1] ?? window).warmAt;
    return monitor(isAfterLoss ? writeOffOutliers(speed) : speed, window);
  }, started);
  return { ...learned, early: isPilot ? early : null };
}

/**
 * Learns from a window whose time fits the forecast. A window that does not fit is kept back. If the next window fits again,
 * the engine stalled for a moment and the extra time is a loss; otherwise the speed has changed and the filters forget the old
 * one. West & Harrison, Bayesian Forecasting and Dynamic Models, 2nd ed. 1997, section 11.4 (monitoring and intervention).
 */
function monitor(former: Speed, window: Window): Speed {
  const known = followConcurrency(former, window.concurrency);
  const expected = forecastWindow(known, window);
  if (expected === null) return learnFrom(known, window);
  const speed = { ...known, roughRowMs: meanOf(expected) / roughCost(known.job, window.work) };
  if (!isOutlier(speed, expected, window)) return learnFrom(writeOffOutliers(speed), window);
  const [before] = speed.outliers;
  // When one outlier took too long and the other too short a time, no single new speed explains both, so the first is written
  // off.
  const isOpposite = before !== undefined && excessOf(speed, before) * (window.ms - meanOf(expected)) < 0;
  if (isOpposite) return { ...writeOffOutliers(speed), outliers: [window] };
  const outliers = [...speed.outliers, window];
  if (outliers.length < CHANGE_WINDOWS || speed.mixture === null) return { ...speed, outliers };
  return outliers.reduce(learnFrom, { ...speed, mixture: loosenAll(speed.mixture, CHANGE_SD), outliers: [] });
}

/**
 * Adapts to a change of concurrency. The new speed may be anything between the old one and one in proportion to the
 * concurrency.
 */
function followConcurrency(speed: Speed, concurrency: number): Speed {
  if (speed.mixture === null || speed.concurrency === concurrency) return speed;
  const share = Math.min(1, Math.abs(Math.log(concurrency / speed.concurrency)) / 2);
  return { ...speed, mixture: loosenAll(speed.mixture, share), concurrency };
}

function forecastWindow({ mixture, job }: Speed, { work, next }: Window): Spread | null {
  return mixture === null ? null : forecastMixture(mixture, features(job, work), features(job, next ?? usualNext(job)));
}

/**
 * Gives the row in progress at an average moment: the mean length weighted by length, because a longer row takes more of the
 * time.
 */
function usualNext({ tokens, squares }: Work): Work {
  return workOf([tokens === 0 ? 0 : squares / tokens]);
}

/** How much longer than expected a window took, ms; below 0 when it was shorter. */
function excessOf(speed: Speed, window: Window): number {
  const expected = forecastWindow(speed, window);
  return expected === null ? 0 : window.ms - meanOf(expected);
}

function isOutlier({ learned }: Speed, expected: Spread, { ms }: Window): boolean {
  const mean = meanOf(expected);
  const error = Math.abs(ms - mean);
  if (learned < LEAST_LEARNED || error <= OUTLIER_SHARE * mean) return false;
  return error > OUTLIER_SD * Math.sqrt(varianceOf(expected)) || ms < FAST_SHARE * mean;
}

/** Counts the extra time of the outliers as a loss. */
function writeOffOutliers(speed: Speed): Speed {
  const stalls = speed.outliers.reduce((losses, stalled) => addLoss(losses, excessOf(speed, stalled)), speed.stalls);
  return { ...speed, stalls, outliers: [] };
}

function learnFrom(speed: Speed, window: Window): Speed {
  if (speed.mixture === null) return speed;
  const warmMs = Math.max(0, window.endedAt - window.ms / 2 - window.warmAt);
  const warmth = Math.exp(-warmMs / WARM_UP.ms);
  const mixture = learnWindow(speed.mixture, {
    ms: window.ms,
    work: features(speed.job, window.work),
    slower: { mean: WARM_UP.mean * warmth, sd: WARM_UP.sd * warmth },
    next: features(speed.job, window.next ?? usualNext(speed.job)),
    first: speed.learned === 0 ? features(speed.job, window.first) : null,
  });
  return { ...speed, mixture, learned: speed.learned + 1 };
}

/** Expresses work in units of the job's average row, whose features are all 1. */
function features(job: Work, work: Work): Features {
  return [
    work.rows,
    (work.tokens * job.rows) / Math.max(1, job.tokens),
    (work.squares * job.rows) / Math.max(1, job.squares),
  ];
}

/** Estimates work in average rows before it is known how cost depends on length: 20 % of the cost per row, 80 % per token. */
function roughCost(job: Work, work: Work): number {
  const [rows, tokens] = features(job, work);
  return 0.2 * rows + 0.8 * tokens;
}
