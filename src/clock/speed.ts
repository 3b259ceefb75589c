import { addLoss } from "./losses.ts";
import { foresee, learnAll, loosenAll, type Mixture, mergeAll, pruneAll, startMixture } from "./mixture.ts";
import { meanOf, type Spread, varianceOf } from "./spread.ts";
import { warmUpLength } from "./warm-up.ts";
import {
  addFinished,
  type Finished,
  joinWindows,
  openWindow,
  startWindows,
  type Window,
  type Windows,
} from "./windows.ts";
import { type Work, workOf } from "./work.ts";

/** What the finished requests say about the speed of the engine. */
export interface Speed {
  /** All rows of the job once: the scale of the features, and of the prior. */
  readonly job: Work;
  readonly pilotRows: number;
  readonly windows: Windows;
  /** The windows of the pilot, kept until it is over to tell the warm-up from the rest; then null. */
  readonly early: readonly Window[] | null;
  /** Windows that do not fit; the next one tells whether the engine stalled or has another speed now. */
  readonly pending: readonly Window[];
  readonly mixture: Mixture | null;
  readonly learned: number;
  /** Concurrency that the filters know. */
  readonly concurrency: number;
  /** Expected time of the last window by its rough cost, ms; null at first. */
  readonly pace: number | null;
  /** Changes of speed that were found. */
  readonly changes: number;
}

/** The pilot has about this many windows. */
const PILOT_WINDOWS = 40;
/** So many times its expected time ends a window early. */
const SLOW = 6;
/** A long job has at most about this many windows. */
const MOST_WINDOWS = 1_000;
/** The warm-up is looked for in this many first windows. */
const EARLY_WINDOWS = 60;
/** How much slower an engine is that has just begun to answer, mean and standard deviation as shares, and how that fades (ms). */
const WARM_UP = { mean: 0.045, sd: 0.15, ms: 15_000 } as const;
/** Fewest windows that a window can be an outlier of. */
const LEAST_LEARNED = 6;
const OUTLIER_SD = 6;
const OUTLIER_SHARE = 0.4;
/** So many outliers in a row are a change of speed. */
const CHANGE_WINDOWS = 2;
const CHANGE_SD = 1;
/** After so many windows the filters are merged, and this much of what is known about the noise is kept: it may change. */
const MERGE_WINDOWS = 40;
const KEEP = 0.5;

/** Starts to measure speed for a job of these rows, with `pilotRows` in its pilot. */
export function startSpeed(job: Work, pilotRows: number): Speed {
  const leastRows = Math.max(pilotRows / PILOT_WINDOWS, job.rows / MOST_WINDOWS);
  return {
    job,
    pilotRows,
    windows: startWindows(Math.max(1, Math.ceil(leastRows))),
    early: [],
    pending: [],
    mixture: null,
    learned: 0,
    concurrency: 0,
    pace: null,
    changes: 0,
  };
}

/** Takes a finished request into account: at once, and at a cost that does not grow with the job. */
export function measure(speed: Speed, request: Finished): Speed {
  const { windows, closed } = addFinished(speed.windows, request, slowMs(speed));
  const next = { ...speed, windows };
  if (closed === null) return next;
  return next.early === null ? monitor(next, closed) : learnEarly(next, [...next.early, closed]);
}

/** Time after which the open window takes much longer than it should: a sudden slowness is not to be waited out. */
function slowMs({ job, windows, pace }: Speed): number {
  return pace === null ? Number.POSITIVE_INFINITY : SLOW * pace * roughCost(job, windows.openWork);
}

/** Takes the window that is still open into account too; for forecasts from this moment, not to be measured on. */
export function upToDate(speed: Speed): Speed {
  const open = openWindow(speed.windows);
  const next =
    open === null ? speed : speed.early === null ? monitor(speed, open) : learnEarly(speed, [...speed.early, open]);
  return next.mixture === null ? next : { ...next, mixture: pruneAll(next.mixture) };
}

/** Foresees how long an amount of work takes at the present speed, ms; null while nothing is known. */
export function foreseeWork({ mixture, job }: Speed, work: Work): Spread | null {
  return mixture === null ? null : foresee(mixture, features(job, work), null);
}

function rowsOf(windows: readonly Window[]): number {
  return windows.reduce((sum, { work }) => sum + work.rows, 0);
}

/** While there are few windows the filters start again with each of them, without those of the warm-up. */
function learnEarly(speed: Speed, early: readonly Window[]): Speed {
  const costs = early.map(({ work }) => roughCost(speed.job, work));
  const ratios = early.map(({ ms }, i) => ms / (costs[i] ?? 1));
  const kept = early.slice(warmUpLength(ratios, costs));
  const rowMs =
    kept.reduce((sum, { ms }) => sum + ms, 0) / kept.reduce((sum, { work }) => sum + roughCost(speed.job, work), 0);
  const mixture = startMixture(rowMs, rowMs * speed.pilotRows, rowMs * speed.job.rows);
  let next: Speed = { ...speed, mixture, pending: [], learned: 0, concurrency: 0, changes: 0 };
  for (const window of kept) next = monitor(next, window);
  return { ...next, early: rowsOf(early) < speed.pilotRows && early.length < EARLY_WINDOWS ? early : null };
}

/**
 * Learns from a window if it fits what was expected. One that does not is kept back: if the next one fits again, the engine
 * stalled for a moment and the time is a loss, else its speed has changed and the filters forget the old one. West &
 * Harrison, Bayesian Forecasting and Dynamic Models, 2nd ed. 1997, section 11.4 (monitoring and intervention).
 */
function monitor(before: Speed, window: Window): Speed {
  const known = followConcurrency(before, window.concurrency);
  const expected = expectedOf(known, window);
  const pace = expected === null ? known.pace : meanOf(expected) / roughCost(known.job, window.work);
  const speed = { ...known, pace };
  if (expected === null || !isOutlier(speed, expected, window)) return learnFitting(speed, window);
  const [stalled] = speed.pending;
  if (stalled !== undefined && isPaidBack(speed, stalled, window)) {
    return monitor({ ...speed, pending: [] }, joinWindows(stalled, window));
  }
  const pending = [...speed.pending, window];
  if (pending.length < CHANGE_WINDOWS || speed.mixture === null) return { ...speed, pending };
  const loosened = { ...speed, mixture: loosenAll(speed.mixture, CHANGE_SD), pending: [], changes: speed.changes + 1 };
  return pending.reduce(learnWindow, loosened);
}

/** Another concurrency may mean another speed: between unchanged and, at most, in proportion. */
function followConcurrency(speed: Speed, concurrency: number): Speed {
  if (speed.mixture === null || speed.concurrency === concurrency) return { ...speed, concurrency };
  const share = speed.concurrency === 0 ? 0 : Math.min(1, Math.abs(Math.log(concurrency / speed.concurrency)) / 2);
  return { ...speed, mixture: loosenAll(speed.mixture, share), concurrency };
}

function expectedOf({ mixture, job }: Speed, { work, next }: Window): Spread | null {
  return mixture === null ? null : foresee(mixture, features(job, work), features(job, next ?? usualNext(job)));
}

/** The row that a moment is most likely to fall into: the longer a row the likelier, so the mean weighted by length. */
function usualNext({ tokens, squares }: Work): Work {
  return workOf([tokens === 0 ? 0 : squares / tokens]);
}

/** One window took too long and the other too short a time: most of the other's work was done in the first one. */
function isPaidBack(speed: Speed, one: Window, other: Window): boolean {
  const error = (window: Window): number => window.ms - meanOf(expectedOf(speed, window) ?? []);
  return error(one) * error(other) < 0;
}

function isOutlier(speed: Speed, expected: Spread, window: Window): boolean {
  const mean = meanOf(expected);
  const error = Math.abs(window.ms - mean);
  return (
    speed.learned >= LEAST_LEARNED &&
    error > OUTLIER_SHARE * mean &&
    error > OUTLIER_SD * Math.sqrt(varianceOf(expected))
  );
}

function learnFitting(speed: Speed, window: Window): Speed {
  let { windows } = speed;
  for (const stalled of speed.pending) {
    const expected = expectedOf(speed, stalled);
    const excess = expected === null ? 0 : stalled.ms - meanOf(expected);
    windows = { ...windows, losses: addLoss(windows.losses, excess) };
  }
  return learnWindow({ ...speed, windows, pending: [] }, window);
}

function learnWindow(speed: Speed, window: Window): Speed {
  if (speed.mixture === null) return speed;
  const warmth = Math.exp(-window.warmMs / WARM_UP.ms);
  const learned = learnAll(speed.mixture, features(speed.job, window.work), {
    ms: window.ms,
    slower: { mean: WARM_UP.mean * warmth, sd: WARM_UP.sd * warmth },
    next: features(speed.job, window.next ?? usualNext(speed.job)),
    first: speed.learned === 0 ? features(speed.job, window.first) : null,
  });
  const mixture = (speed.learned + 1) % MERGE_WINDOWS === 0 ? mergeAll(learned, KEEP) : learned;
  return { ...speed, mixture, learned: speed.learned + 1 };
}

/** The work in units of the job's average row: all three are 1 for that row. */
function features(job: Work, work: Work): readonly number[] {
  return [
    work.rows,
    (work.tokens * job.rows) / Math.max(1, job.tokens),
    (work.squares * job.rows) / Math.max(1, job.squares),
  ];
}

/** The work in average rows, before anything is known about how cost depends on length. */
function roughCost(job: Work, work: Work): number {
  const [rows = 0, tokens = 0] = features(job, work);
  return 0.2 * rows + 0.8 * tokens;
}
