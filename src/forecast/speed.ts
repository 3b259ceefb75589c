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

/** The speed of the engine as the finished requests show it. Never changed, only replaced. */
export interface Speed {
  /** All rows of the job once: the scale of the features. */
  readonly job: Work;
  readonly pilotRows: number;
  readonly windows: Windows;
  /** The windows of the pilot, from which the filters start again with each new one; null after it. */
  readonly early: readonly Window[] | null;
  /** Time that the engine stalled in windows that did not fit. */
  readonly stalls: Losses;
  /** Windows that did not fit; the next window shows whether the engine stalled or has another speed now. */
  readonly outliers: readonly Window[];
  /** Null before the first window. */
  readonly mixture: Mixture | null;
  /** Windows that the filters have learned from. */
  readonly learned: number;
  /** Prompts in flight at the speed that the filters have learned. */
  readonly concurrency: number;
  /** Expected time of an average row by the rough cost of the last window, ms; null at first. */
  readonly roughRowMs: number | null;
}

/** The pilot has about this many windows. */
const PILOT_WINDOWS = 40;
/** The filters start again with at most this many first windows. */
const EARLY_WINDOWS = 60;
/** A long job has at most about this many windows. */
const MOST_WINDOWS = 1_000;
/** A window that takes more than this many times its expected time is closed early. */
const SLOW = 6;
/** How much slower an engine is that has just started to respond: mean and standard deviation as shares, and how fast that fades (ms). */
const WARM_UP = { mean: 0.045, sd: 0.15, ms: 15_000 } as const;
/** No window is an outlier before this many were learned from. */
const LEAST_LEARNED = 6;
/** An outlier is off by more than this many standard deviations and by more than this share of the expected time. */
const OUTLIER_SD = 6;
const OUTLIER_SHARE = 0.4;
/** This many outliers in a row are a change of speed; the filters then doubt the level of all costs by this share. */
const CHANGE_WINDOWS = 2;
const CHANGE_SD = 1;
/** A single window is mostly its own ends: nothing is forecast from fewer than this many. */
const LEAST_FORECAST = 2;

/** Starts to measure speed for a job of these rows, with `pilotRows` in its pilot. */
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

/** Takes a finished request into account: at once, and at a cost that does not grow with the job. */
export function observeFinished(speed: Speed, request: Finished): Speed {
  const { windows, closed } = addFinished(speed.windows, request, slowMs(speed));
  return observeWindow({ ...speed, windows }, closed);
}

/** Takes note that the engine went down: the windows before and after it have nothing to do with each other. */
export function observeEngineDown(speed: Speed, at: number): Speed {
  return { ...writeOffOutliers(speed), windows: engineDown(speed.windows, at) };
}

/** Takes the window that is still open into account too; for forecasts from this moment, not to be measured on. */
export function upToDate(speed: Speed): Speed {
  return observeWindow(speed, openWindow(speed.windows));
}

/** Sums up the time lost so far. */
export function lossesOf({ stalls, windows }: Speed): Losses {
  return addLosses(windows.losses, stalls);
}

/** Forecasts the time of an amount of work at the present speed, ms, without losses; null while no speed is known. */
export function forecastWorkTime({ mixture, job, learned }: Speed, work: Work): Spread | null {
  return mixture === null || learned < LEAST_FORECAST ? null : forecastMixture(mixture, features(job, work), null);
}

/** Time after which the open window takes much longer than expected: a sudden slowness is not to be waited out. */
function slowMs({ job, windows, roughRowMs }: Speed): number {
  return roughRowMs === null ? Number.POSITIVE_INFINITY : SLOW * roughRowMs * roughCost(job, windows.openWork);
}

function observeWindow(speed: Speed, window: Window | null): Speed {
  if (window === null) return speed;
  return speed.early === null ? monitor(speed, window) : startAgain(speed, [...speed.early, window]);
}

/** In the pilot the filters start again with each window, at the mean cost so far: a first window alone is a bad guess. */
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
 * Learns from a window if it fits what was expected. One that does not fit is kept back: if the next one fits again, the
 * engine stalled for a moment and the time is a loss, else its speed has changed and the filters forget the old one. West &
 * Harrison, Bayesian Forecasting and Dynamic Models, 2nd ed. 1997, section 11.4 (monitoring and intervention).
 */
function monitor(former: Speed, window: Window): Speed {
  const known = followConcurrency(former, window.concurrency);
  const expected = forecastWindow(known, window);
  if (expected === null) return learnFrom(known, window);
  const speed = { ...known, roughRowMs: meanOf(expected) / roughCost(known.job, window.work) };
  if (!isOutlier(speed, expected, window)) return learnFrom(writeOffOutliers(speed), window);
  const [before] = speed.outliers;
  // One that was too long and one that is too short are no common speed: the first was a stall.
  const isOpposite = before !== undefined && excessOf(speed, before) * (window.ms - meanOf(expected)) < 0;
  if (isOpposite) return { ...writeOffOutliers(speed), outliers: [window] };
  const outliers = [...speed.outliers, window];
  if (outliers.length < CHANGE_WINDOWS || speed.mixture === null) return { ...speed, outliers };
  return outliers.reduce(learnFrom, { ...speed, mixture: loosenAll(speed.mixture, CHANGE_SD), outliers: [] });
}

/** Follows a change of concurrency, which may mean another speed: between unchanged and, at most, in proportion. */
function followConcurrency(speed: Speed, concurrency: number): Speed {
  if (speed.mixture === null || speed.concurrency === concurrency) return speed;
  const share = Math.min(1, Math.abs(Math.log(concurrency / speed.concurrency)) / 2);
  return { ...speed, mixture: loosenAll(speed.mixture, share), concurrency };
}

function forecastWindow({ mixture, job }: Speed, { work, next }: Window): Spread | null {
  return mixture === null ? null : forecastMixture(mixture, features(job, work), features(job, next ?? usualNext(job)));
}

/** The row that a moment is most likely to fall into: the longer a row the likelier, so the mean weighted by length. */
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
  return (
    learned >= LEAST_LEARNED && error > OUTLIER_SHARE * mean && error > OUTLIER_SD * Math.sqrt(varianceOf(expected))
  );
}

/** Counts the time by which the outliers took too long as lost. */
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

/** The work in units of the job's average row: all three are 1 for that row. */
function features(job: Work, work: Work): Features {
  return [
    work.rows,
    (work.tokens * job.rows) / Math.max(1, job.tokens),
    (work.squares * job.rows) / Math.max(1, job.squares),
  ];
}

/** The work in average rows, before anything is known about how cost depends on length. */
function roughCost(job: Work, work: Work): number {
  const [rows, tokens] = features(job, work);
  return 0.2 * rows + 0.8 * tokens;
}
