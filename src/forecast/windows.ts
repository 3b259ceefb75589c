import { addLoss, type Losses, NO_LOSSES } from "./losses.ts";
import { addWork, NO_WORK, type Work } from "./work.ts";

/** A finished request. Times are monotonic, ms. */
export interface Finished {
  readonly startedAt: number;
  readonly finishedAt: number;
  /** Work of the request's prompts. It counts only when the request succeeded. */
  readonly work: Work;
  /** Requests allowed in flight over all engines when this request was sent. */
  readonly concurrency: number;
  readonly ok: boolean;
}

/** An interval of wall time in which the engine worked, and the work that was finished in it. */
export interface Window {
  readonly endedAt: number;
  readonly ms: number;
  readonly work: Work;
  /** Work of the first request that finished in the window. A part of it may have been computed before the window. */
  readonly first: Work;
  /**
   * Work of the first request that finished after the window. A part of it may have been computed in the window. Null while
   * that request is unknown.
   */
  readonly next: Work | null;
  readonly concurrency: number;
  /**
   * When the engine gave its first answer after its latest start. If this differs between two windows, the engine went down
   * between them.
   */
  readonly warmAt: number;
}

/** Turns finished requests into windows, one at a time. */
export interface Windows {
  /** Fewest rows of a window, unless it is slow or the concurrency changes. */
  readonly leastRows: number;
  /**
   * Start of the open window, moved forward by the time lost since; null until the first answer after a start of the engine.
   */
  readonly openSince: number | null;
  readonly openWork: Work;
  /** Work of the first request in the open window. */
  readonly openFirst: Work;
  readonly concurrency: number;
  /** Latest end of a request that succeeded; null before the first one. */
  readonly busyUntil: number | null;
  /** Time between the last answer of the latest closed window and the next answer, without lost time, ms. */
  readonly pauseMs: number;
  /** Time of the latest failure of a request or of the engine; null before the first one. */
  readonly failedAt: number | null;
  /** When the engine gave its first answer after its latest start. */
  readonly warmAt: number;
  /** Requests that end up to this time may still belong to the first batch; null when that batch is over. */
  readonly warmUntil: number | null;
  /** Sum of the durations of the first request after each start of the engine, ms. */
  readonly warmUpMs: number;
  readonly losses: Losses;
}

/**
 * A request of the first batch ends at most this many ms after the request before it, and at most this share of the first
 * request's duration after the first request.
 */
const SAME_BATCH_MS = 50;
const SAME_BATCH_SHARE = 0.05;
/** A change of concurrency by more than this share starts a new window. */
const OTHER_CONCURRENCY = 0.05;

/** Starts without an open window. */
export function startWindows(leastRows: number): Windows {
  return {
    leastRows,
    openSince: null,
    openWork: NO_WORK,
    openFirst: NO_WORK,
    concurrency: 0,
    busyUntil: null,
    pauseMs: 0,
    failedAt: null,
    warmAt: 0,
    warmUntil: null,
    warmUpMs: 0,
    losses: NO_LOSSES,
  };
}

/**
 * Records that the engine went down at `at` (monotonic, ms). The time until the first answer after the restart is lost, and the
 * next window begins with that answer.
 */
export function engineDown(windows: Windows, at: number): Windows {
  return { ...windows, openSince: null, openWork: NO_WORK, warmUntil: null, failedAt: at };
}

/**
 * Adds a finished request, and returns the window that ended before it, if one did.
 *
 * Requests overlap, so the duration of a single one does not show how fast the engine is: only the work finished per wall time
 * does. A gap between requests that succeeded counts as lost when something failed in it, so an immediate error adds neither
 * work nor time to a window. A full window ends where the pause before the next request is longer than the window's average
 * time per row, because an engine that computes several rows together finishes them together, and a window must not end among
 * them. A window that takes `slowMs` or longer may end with fewer rows than usual, and a change of concurrency ends a window at
 * once.
 */
export function addFinished(
  windows: Windows,
  request: Finished,
  slowMs: number,
): { windows: Windows; closed: Window | null } {
  if (!request.ok) return { windows: { ...windows, failedAt: request.finishedAt }, closed: null };
  const { busyUntil, openSince } = windows;
  const gap = lostBefore(windows, request);
  const current = {
    ...windows,
    busyUntil: Math.max(busyUntil ?? request.finishedAt, request.finishedAt),
    losses: addLoss(windows.losses, gap),
  };
  if (busyUntil === null || openSince === null) return { windows: warmUp(current, request), closed: null };
  if (windows.warmUntil !== null && isSameBatch(windows, request)) {
    return { windows: { ...current, openSince: request.finishedAt }, closed: null };
  }
  const closed = endWindow(windows, busyUntil, request, gap, slowMs);
  return {
    windows: {
      ...current,
      openSince: (closed?.endedAt ?? openSince) + gap,
      openWork: addWork(closed === null ? windows.openWork : NO_WORK, request.work),
      openFirst: closed === null && windows.openWork.rows > 0 ? windows.openFirst : request.work,
      pauseMs: closed === null ? windows.pauseMs : request.finishedAt - gap - busyUntil,
      concurrency: request.concurrency,
      warmUntil: null,
    },
    closed,
  };
}

/**
 * Gives the time (ms) since the last answer in which the engine has worked on the next request. It is at most the last pause,
 * because after a longer time the engine may have stopped, and 0 after a failure.
 */
export function underWay({ busyUntil, failedAt, pauseMs }: Windows, now: number): number {
  if (busyUntil === null || (failedAt ?? Number.NEGATIVE_INFINITY) >= busyUntil) return 0;
  return Math.min(Math.max(0, now - busyUntil), pauseMs);
}

/** Gives the open window as if it ended with the last request that succeeded; null when it is empty. */
export function openWindow(windows: Windows): Window | null {
  const { openSince, openWork, busyUntil } = windows;
  if (openSince === null || busyUntil === null || busyUntil <= openSince || openWork.rows === 0) return null;
  return windowUntil(windows, busyUntil, busyUntil - openSince, null);
}

function windowUntil(windows: Windows, endedAt: number, ms: number, next: Work | null): Window {
  const { openWork: work, openFirst: first, concurrency, warmAt } = windows;
  return { endedAt, ms, work, first, next, concurrency, warmAt };
}

/** Computes the time (ms) from the last success to the start of a request if something failed in between, otherwise 0. */
function lostBefore({ busyUntil, failedAt }: Windows, { startedAt }: Finished): number {
  if (busyUntil === null || failedAt === null || failedAt < busyUntil) return 0;
  return Math.max(0, startedAt - busyUntil);
}

function endWindow(windows: Windows, end: number, next: Finished, gap: number, slowMs: number): Window | null {
  const { openSince, openWork, concurrency, leastRows } = windows;
  const ms = end - (openSince ?? end);
  if (ms <= 0 || openWork.rows === 0) return null;
  const changed = Math.abs(next.concurrency / concurrency - 1) > OTHER_CONCURRENCY;
  const pause = next.finishedAt - gap - end;
  const isFull = openWork.rows >= leastRows || ms >= slowMs;
  if (!changed && (!isFull || pause < ms / openWork.rows)) return null;
  return windowUntil(windows, end, ms, next.work);
}

function warmUp(windows: Windows, request: Finished): Windows {
  const ms = request.finishedAt - request.startedAt;
  const isFirstStart = windows.warmUpMs === 0;
  return {
    ...windows,
    losses: isFirstStart ? windows.losses : addLoss(windows.losses, ms),
    openSince: request.finishedAt,
    warmAt: request.finishedAt,
    warmUntil: request.finishedAt + SAME_BATCH_SHARE * ms,
    concurrency: request.concurrency,
    warmUpMs: windows.warmUpMs + ms,
  };
}

function isSameBatch({ warmUntil, busyUntil }: Windows, { finishedAt }: Finished): boolean {
  return finishedAt <= (warmUntil ?? 0) && finishedAt - (busyUntil ?? 0) <= SAME_BATCH_MS;
}
