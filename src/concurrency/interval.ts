/** A request that was answered. Times are monotonic, ms. */
export interface AnsweredRequest {
  readonly startedAt: number;
  readonly finishedAt: number;
  readonly rows: number;
  readonly tokens: number;
}

/** The answers within an interval during which the setting did not change. `endedAt` is monotonic, ms. */
export interface MeasuredInterval {
  readonly ms: number;
  readonly rows: number;
  readonly tokens: number;
  readonly requests: number;
  readonly endedAt: number;
}

/** An interval that is being measured. Times are monotonic, ms. */
export interface OpenInterval {
  /** Requests sent before this time belong to the former setting and are not counted. */
  readonly since: number;
  /** Smallest number of rows and of requests in a full interval. */
  readonly rows: number;
  readonly requests: number;
  /** End of the first batch, where the interval begins; null until a request was answered. */
  readonly openedAt: number | null;
  /** Answers that arrive up to this time belong to the first batch. */
  readonly firstBatchUntil: number;
  /** The answers so far. */
  readonly answers: MeasuredInterval;
}

/** Answers of one batch arrive within this share of the duration of its first request. */
const BATCH_SHARE = 0.05;
/** With fewer requests the measurement of an interval is unreliable. */
const LEAST_REQUESTS = 6;
/** An interval in which no pause between batches occurs ends at 3 times its smallest number of rows. */
const MOST_ROWS = 3;
const NO_ANSWERS: MeasuredInterval = { ms: 0, rows: 0, tokens: 0, requests: 0, endedAt: 0 };

/**
 * Starts to measure a setting that is used since `since` (monotonic ms), in intervals of at least this many rows and requests.
 */
export function startInterval(since: number, rows: number, requests: number = LEAST_REQUESTS): OpenInterval {
  return { since, rows, requests, openedAt: null, firstBatchUntil: 0, answers: NO_ANSWERS };
}

/**
 * Adds an answered request. `measured` is the interval that ended before this answer, or null. An engine that computes several
 * rows together answers them together, so an interval begins after a batch and ends before one: at a pause that is at least as
 * long as the mean time between two answers. The next interval begins at the end of the last one.
 */
export function addAnswer(
  interval: OpenInterval,
  request: AnsweredRequest,
): { interval: OpenInterval; measured: MeasuredInterval | null } {
  const { openedAt, answers } = interval;
  if (request.startedAt < interval.since) return { interval, measured: null };
  if (openedAt === null) return { interval: open(interval, request), measured: null };
  if (request.finishedAt <= interval.firstBatchUntil) {
    return { interval: { ...interval, openedAt: request.finishedAt }, measured: null };
  }
  const isFull = answers.rows >= interval.rows && answers.requests >= interval.requests;
  const pause = request.finishedAt - answers.endedAt;
  if (isFull && (pause >= answers.ms / answers.requests || answers.rows >= MOST_ROWS * interval.rows)) {
    const next = { ...interval, openedAt: answers.endedAt, answers: add(NO_ANSWERS, request, answers.endedAt) };
    return { interval: next, measured: answers };
  }
  return { interval: { ...interval, answers: add(answers, request, openedAt) }, measured: null };
}

function open(interval: OpenInterval, { startedAt, finishedAt }: AnsweredRequest): OpenInterval {
  return { ...interval, openedAt: finishedAt, firstBatchUntil: finishedAt + BATCH_SHARE * (finishedAt - startedAt) };
}

function add(answers: MeasuredInterval, { finishedAt, rows, tokens }: AnsweredRequest, openedAt: number) {
  const endedAt = Math.max(answers.endedAt, finishedAt);
  return {
    ms: endedAt - openedAt,
    rows: answers.rows + rows,
    tokens: answers.tokens + tokens,
    requests: answers.requests + 1,
    endedAt,
  };
}
