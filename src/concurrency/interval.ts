/** A request that was answered. Times are monotonic, ms. */
export interface Answered {
  readonly startedAt: number;
  readonly finishedAt: number;
  readonly rows: number;
  readonly tokens: number;
}

/** A stretch of time in which one setting was in force, and what was answered in it. */
export interface Pace {
  readonly ms: number;
  readonly rows: number;
  readonly tokens: number;
  readonly requests: number;
  readonly endedAt: number;
}

/** A stretch that is being measured. */
export interface Window {
  /** Requests sent before belong to another setting. */
  readonly since: number;
  /** Rows, and requests, that make a full window. */
  readonly rows: number;
  readonly requests: number;
  /** End of the first batch, where measuring begins; null until there is one. */
  readonly openedAt: number | null;
  /** Answers up to here belong to the first batch. */
  readonly firstBatchUntil: number;
  /** Answers so far; they end at the latest of them. */
  readonly pace: Pace;
}

/** Answers of one batch come within this share of its time. */
const BATCH_SHARE = 0.05;
/** Fewest requests in a window that is to be trusted by itself. */
const LEAST_REQUESTS = 6;
/** A window ends at the latest when it has so many times its rows. */
const PATIENCE = 3;
const NOTHING: Pace = { ms: 0, rows: 0, tokens: 0, requests: 0, endedAt: 0 };

/** Starts to measure a setting that came into force at `since` (monotonic ms), in windows of at least this many rows and requests. */
export function startWindow(since: number, rows: number, requests: number = LEAST_REQUESTS): Window {
  return { since, rows, requests, openedAt: null, firstBatchUntil: 0, pace: NOTHING };
}

/**
 * Adds an answer and gives the window that it ends, if it does. An engine that computes several rows at once gives them back
 * at once, so a window begins behind a batch and ends before one: where nothing came for longer than the mean time between
 * two answers. The next window begins there.
 */
export function addAnswer(window: Window, answered: Answered): { window: Window; closed: Pace | null } {
  const { openedAt, pace } = window;
  if (answered.startedAt < window.since) return { window, closed: null };
  if (openedAt === null) return { window: open(window, answered), closed: null };
  if (answered.finishedAt <= window.firstBatchUntil) {
    return { window: { ...window, openedAt: answered.finishedAt }, closed: null };
  }
  const full = pace.rows >= window.rows && pace.requests >= window.requests;
  const pause = answered.finishedAt - pace.endedAt;
  if (full && (pause >= pace.ms / pace.requests || pace.rows >= PATIENCE * window.rows)) {
    return { window: { ...window, openedAt: pace.endedAt, pace: add(NOTHING, answered, pace.endedAt) }, closed: pace };
  }
  return { window: { ...window, pace: add(pace, answered, openedAt) }, closed: null };
}

function open(window: Window, { startedAt, finishedAt }: Answered): Window {
  return { ...window, openedAt: finishedAt, firstBatchUntil: finishedAt + BATCH_SHARE * (finishedAt - startedAt) };
}

function add(pace: Pace, { finishedAt, rows, tokens }: Answered, openedAt: number): Pace {
  const endedAt = Math.max(pace.endedAt, finishedAt);
  return {
    ms: endedAt - openedAt,
    rows: pace.rows + rows,
    tokens: pace.tokens + tokens,
    requests: pace.requests + 1,
    endedAt,
  };
}
