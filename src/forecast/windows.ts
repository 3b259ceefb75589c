import { addLoss, type Losses, NO_LOSSES } from "./losses.ts";
import { addWork, NO_WORK, type Work } from "./work.ts";

/** A finished request. Times are monotonic, ms. */
export interface Finished {
  readonly startedAt: number;
  readonly finishedAt: number;
  /** The work of its prompts; counted only when it succeeded. */
  readonly work: Work;
  /** Prompts allowed in flight at the time. */
  readonly concurrency: number;
  readonly ok: boolean;
}

/** An interval of wall time in which the engine worked, and the work finished in it. */
export interface Window {
  readonly endedAt: number;
  readonly ms: number;
  readonly work: Work;
  /** The first request finished in it: some of it may have been computed before. */
  readonly first: Work;
  /** The first request finished after it: some of it may have been computed within; null while that request is unknown. */
  readonly next: Work | null;
  readonly concurrency: number;
  /** When the engine gave its first answers after its last start: the engine went down between windows of different values. */
  readonly warmAt: number;
}

/** Turns finished requests into windows, one at a time. */
export interface Windows {
  /** Fewest rows that make a window. */
  readonly leastRows: number;
  /** Start of the open window, moved forward by the time lost since; null until the engine is warm. */
  readonly openSince: number | null;
  readonly openWork: Work;
  /** The first request in it. */
  readonly openFirst: Work;
  readonly concurrency: number;
  /** Latest end of a request that succeeded. */
  readonly busyUntil: number | null;
  /** Time between the last answer of the last window and the next answer, ms. */
  readonly pauseMs: number;
  /** Latest failure of a request or of the engine. */
  readonly failedAt: number | null;
  /** When the engine gave its first answers. */
  readonly warmAt: number;
  /** Requests that end up to here may still belong to the first batch; null when it is over. */
  readonly warmUntil: number | null;
  /** Time spent on the first batch after each start of the engine, ms. */
  readonly warmUpMs: number;
  readonly losses: Losses;
}

/** The first batch's requests end within this time (ms) of one another, and within this share of its time. */
const SAME_BATCH_MS = 50;
const SAME_BATCH_SHARE = 0.05;
/** A change of concurrency by more than this share starts a new window. */
const OTHER_CONCURRENCY = 0.05;

/** Starts with no window open. */
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

/** Takes note that the engine went down: the next window begins with a warm-up, and the time until then is lost. */
export function engineDown(windows: Windows, at: number): Windows {
  return { ...windows, openSince: null, openWork: NO_WORK, warmUntil: null, failedAt: at };
}

/**
 * Adds a finished request, and returns the window that ended before it, if one did.
 *
 * Requests overlap, so the duration of a single one does not show how fast the engine is: only work finished per wall time
 * does. Time counts in which the engine worked: a gap between requests that succeeded counts as lost when something failed
 * in it, so that an immediate error is neither work nor time. A window ends where the pause before the next request is longer
 * than its average time of a row: an engine that computes several rows together finishes them together, and a window must not
 * end among them. A window that takes longer than `slowMs` may end with fewer rows than usual.
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
 * Gives the time (ms) since the last answer in which the engine has worked on the next request: at most as long as the last
 * pause, because after that the engine may have stopped, and 0 after a failure.
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

/** Time before a request in which nothing that succeeded was running although something was tried. */
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
