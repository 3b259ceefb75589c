import type { Clock } from "../types.ts";

/** What `schedule` is given. T is a task, R what one task yields. */
export interface ScheduleOptions<T, R> {
  /** Pulled lazily and never ahead of need; it may itself wait for outcomes of earlier tasks. */
  readonly tasks: AsyncIterable<T>;
  /** One entry per engine; a free one takes the next tasks. */
  readonly lanes: readonly Worker<T, R>[];
  /** Says what an error of `work` means. Throwing declares the error a bug: everything stops and it is thrown on. */
  readonly classify: (error: unknown) => FailureClass;
  /** Called exactly once per task that ended; not called for tasks that an abort left unfinished. */
  readonly onOutcome: (task: T, outcome: Outcome<R>) => void;
  /** Called once per request, after it ended and before the outcomes that it caused. */
  readonly onAttempt?: (attempt: Attempt<T>) => void;
  readonly retry: RetryPolicy;
  /** Limit of one request in ms. */
  readonly timeoutMs: (batch: readonly T[]) => number;
  /** How long an unfilled batch waits for further tasks before it goes out as it is, in ms; default 20. */
  readonly lingerMs?: number;
  /** How long work may take to settle after its signal was aborted before it is left behind, in ms; default 1,000. */
  readonly graceMs?: number;
  readonly clock: Clock;
  /** Uniform in [0, 1), for the jitter of retries. */
  readonly random: () => number;
  readonly signal: AbortSignal;
}

/** One engine as the scheduler sees it. */
export interface Worker<T, R> {
  readonly name: string;
  /** Requests in flight at once, asked again before every request; values below 1 count as 1. */
  readonly concurrency: () => number;
  /** Tasks per request, asked again before every request; values below 1 count as 1. */
  readonly batchSize: () => number;
  /** One request: as many results as tasks, in their order. Must settle soon after the signal aborts. */
  readonly work: (batch: readonly T[], signal: AbortSignal) => Promise<readonly R[]>;
  /** Aborts when the engine has ended, so that nothing waits for its answers; asked at the start and after each recovery. */
  readonly died?: () => AbortSignal;
  /** Brings a lost engine back; resolves with false when it stays lost. Without it a lost engine stays lost. */
  readonly recover?: (signal: AbortSignal) => Promise<boolean>;
}

/**
 * Why a request failed, in one word for journals and counts: the kinds of request errors, "engine-lost" when its engine ended, and
 * "aborted" when the schedule did.
 */
export type FailureReason =
  | "too-long"
  | "bad-request"
  | "overloaded"
  | "server"
  | "connection"
  | "timeout"
  | "malformed"
  | "engine-lost"
  | "aborted";

/** What an error means for the tasks of the request. */
export type FailureClass =
  /** One task may have spoilt the request: bisect; a task refused alone has ended. */
  | { readonly kind: "split"; readonly reason: FailureReason }
  /** May succeed later, not before afterMs. */
  | { readonly kind: "retry"; readonly reason: FailureReason; readonly blame: Blame; readonly afterMs?: number }
  /** Will never succeed, for any task of the request. */
  | { readonly kind: "final"; readonly reason: FailureReason }
  /** The engine is gone: its tasks are handed back and `recover` is asked. */
  | { readonly kind: "engine-lost"; readonly reason: FailureReason };

/**
 * Who may have caused a failure that is worth a retry: `batch` (repeated, the batch is bisected), `engine` (repeated
 * without any success between, the engine counts as lost), `either`, or `load` (neither: just come back later).
 */
type Blame = "batch" | "engine" | "either" | "load";

export interface RetryPolicy {
  /** Failures after which a task gives up while others are answered. */
  readonly attempts: number;
  /** Failures after which a task gives up although nobody was answered since its first one. */
  readonly stormAttempts: number;
  /** Upper end of the first wait in ms; it doubles with each failure. */
  readonly baseMs: number;
  /** Upper end of any wait in ms. */
  readonly capMs: number;
  /** Longest wait in ms that a server's retry-after can ask for. */
  readonly afterCapMs: number;
  /** Failed rounds in a row, no success between, after which an engine that is to blame counts as lost. */
  readonly lostAfter: number;
  /** Losses of an engine, while a task was in flight there, after which the task ends. Before its last chance it is sent alone. */
  readonly losses: number;
}

/** How a task ended. */
export type Outcome<R> =
  /** `ms`: duration of the request that answered. */
  | { readonly ok: true; readonly value: R; readonly attempts: number; readonly ms: number }
  | {
      readonly ok: false;
      /** refused: no use trying again; gave-up: attempts used up, may work later; engine-lost: no engine is left. */
      readonly end: "refused" | "gave-up" | "engine-lost";
      readonly reason: FailureReason;
      readonly message: string;
      readonly attempts: number;
    };

/** One request as it went. Only `ok` ones say anything about throughput. */
export type Attempt<T> = {
  readonly lane: string;
  readonly tasks: readonly T[];
  /** Monotonic ms. */
  readonly startedAt: number;
  readonly finishedAt: number;
  /** Requests in flight on this lane when it started, itself included. */
  readonly inFlight: number;
  /** The lane's limit when it started. */
  readonly concurrency: number;
} & (
  | { readonly ok: true }
  | {
      readonly ok: false;
      readonly reason: FailureReason;
      readonly message: string;
      /** Tasks of this request that ended with it. */
      readonly ended: readonly T[];
    }
);

/** What became of the tasks that were pulled. */
export interface Summary {
  readonly end: "done" | "aborted" | "engines-lost";
  readonly finished: number;
  readonly failed: number;
  /** In flight when the signal aborted: no outcome. */
  readonly aborted: number;
  /** Pulled, but not in flight when the signal aborted: no outcome. */
  readonly unstarted: number;
}
