import { addLoss, addLosses, type Losses, NO_LOSSES } from "./losses.ts";
import { foresee, learnAll, loosenAll, type Mixture, mergeAll, pruneAll, startMixture } from "./mixture.ts";
import { meanOf, type Spread, varianceOf } from "./spread.ts";
import { warmUpLength } from "./warm-up.ts";
import {
  addFinished,
  engineDown,
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
  /** Time that the engine stalled in windows that did not fit. */
  readonly stalls: Losses;
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
/** Less than this share of the larger one's error must be left of two that cancel each other. */
const PAID_BACK = 0.5;
/** One window is mostly its own ends: nothing is foretold from fewer than this. */
const LEAST_FORESEEN = 2;
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
    stalls: NO_LOSSES,
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

/** Notes that the engine went down; what comes after it has nothing to do with what came before. */
export function interrupt(speed: Speed, at: number): Speed {
  return { ...forgive(speed), windows: engineDown(speed.windows, at) };
}

/** Everything that was lost up to now. */
export function lossesOf({ stalls, windows }: Speed): Losses {
  return addLosses(windows.losses, stalls);
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
export function foreseeWork({ mixture, job, learned }: Speed, work: Work): Spread | null {
  return mixture === null || learned < LEAST_FORESEEN ? null : foresee(mixture, features(job, work), null);
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
  let next: Speed = { ...speed, mixture, stalls: NO_LOSSES, pending: [], learned: 0, concurrency: 0, changes: 0 };
  for (const window of kept) next = monitor(next, window);
  return { ...next, early: rowsOf(early) < speed.pilotRows && early.length < EARLY_WINDOWS ? early : null };
}

/**
 * Learns from a window if it fits what was expected. One that does not is kept back: if the next one fits again, the engine
 * stalled for a moment and the time is a loss, else its speed has changed and the filters forget the old one. West &
 * Harrison, Bayesian Forecasting and Dynamic Models, 2nd ed. 1997, section 11.4 (monitoring and intervention).
 */
function monitor(former: Speed, window: Window): Speed {
  const known = followConcurrency(former, window.concurrency);
  const expected = expectedOf(known, window);
  const pace = expected === null ? known.pace : meanOf(expected) / roughCost(known.job, window.work);
  const speed = { ...known, pace };
  if (expected === null || !isOutlier(speed, expected, window)) return learnFitting(speed, window);
  const [before] = speed.pending;
  const error = window.ms - meanOf(expected);
  const errorBefore = before === undefined ? 0 : errorOf(speed, before);
  if (before !== undefined && errorBefore * error < 0) {
    // One took as much too long as the other was too short: work of the other was done in the first one.
    const isPaidBack = Math.abs(errorBefore + error) < PAID_BACK * Math.max(Math.abs(errorBefore), Math.abs(error));
    if (!isPaidBack || before.concurrency !== window.concurrency) return { ...forgive(speed), pending: [window] };
    return monitor({ ...speed, pending: [] }, joinWindows(before, window));
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

/** How much longer than expected a window took, ms. */
function errorOf(speed: Speed, window: Window): number {
  const expected = expectedOf(speed, window);
  return expected === null ? 0 : window.ms - meanOf(expected);
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
  return learnWindow(forgive(speed), window);
}

/** Counts what the windows that did not fit took too long as lost. */
function forgive(speed: Speed): Speed {
  const stalls = speed.pending.reduce((losses, stalled) => addLoss(losses, errorOf(speed, stalled)), speed.stalls);
  return { ...speed, stalls, pending: [] };
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
