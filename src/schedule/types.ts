import type { Clock } from "../types.ts";

/** The options of `schedule`. T is a task, R is the result of one task. */
export interface ScheduleOptions<T, R> {
  /** The tasks, pulled only as they are needed. The source may itself wait for outcomes of earlier tasks. */
  readonly tasks: AsyncIterable<T>;
  /** One worker for each engine. A worker that is below its limit takes the next tasks. */
  readonly workers: readonly Worker<T, R>[];
  /**
   * Classifies an error of `work`. If it throws an error itself, that is a bug: everything stops, and `schedule` throws the
   * error.
   */
  readonly classify: (error: unknown) => FailureClass;
  /**
   * Called once after each request, with every outcome that the request caused, and once more with the tasks that are left
   * when no engine is left. Every task that ended appears exactly once; a task that an abort left unfinished never does.
   */
  readonly onRequest: (event: RequestEvent<T, R>) => void;
  readonly retry: RetryPolicy;
  /**
   * Time limit of one request in ms. It begins anew when a request that was sent earlier to the same worker is answered, because the
   * request may have waited behind it.
   */
  readonly timeoutMs: (batch: readonly T[]) => number;
  /** Time in ms until the work must end; null or absent: nothing limits it. It limits how long a server's retry-after is obeyed. */
  readonly timeLeftMs?: () => number | null;
  /** Time in ms for which an incomplete batch waits for further tasks before it is sent; default 20. */
  readonly lingerMs?: number;
  /** Time in ms that work has to settle after its signal aborted; after that its result is ignored. Default 1,000. */
  readonly graceMs?: number;
  readonly clock: Clock;
  /** Returns random numbers, uniform in [0, 1), for the jitter of retries. */
  readonly random: () => number;
  readonly signal: AbortSignal;
}

/** One engine as the scheduler sees it. */
export interface Worker<T, R> {
  readonly name: string;
  /** Limit of the requests in flight. It is read before every request; values below 1 count as 1. */
  readonly concurrency: () => number;
  /** Number of tasks per request. It is read before every request; values below 1 count as 1. */
  readonly batchSize: () => number;
  /** Sends one request: resolves with as many results as tasks, in their order. Must settle soon after the signal aborts. */
  readonly work: (batch: readonly T[], signal: AbortSignal) => Promise<readonly R[]>;
  /**
   * Returns a signal that aborts when the engine has ended, so that no request waits for its answer. Called at the start and
   * after each recovery.
   */
  readonly died?: () => AbortSignal;
  /**
   * Brings a lost engine back; resolves with false when the engine stays lost. Without this function a lost engine stays lost.
   */
  readonly recover?: (signal: AbortSignal) => Promise<boolean>;
}

/**
 * The reason why a request failed, in one word for journals and counts: the kind of its request error, "engine-lost" when its
 * engine ended, or "aborted" when the schedule ended. "unsafe" is the reason of a task that was never sent, because its texts form
 * control tokens.
 */
export type FailureReason =
  | "too-long"
  | "too-large"
  | "bad-request"
  | "overloaded"
  | "server"
  | "connection"
  | "timeout"
  | "malformed"
  | "unsafe"
  | "engine-lost"
  | "aborted";

/** The meaning of an error for the tasks of the request. */
export type FailureClass =
  /** One task may have caused the failure, so the request is bisected. A task that is refused alone has ended. */
  | { readonly kind: "split"; readonly reason: FailureReason }
  /** The request may succeed later. It is not sent again before afterMs (ms) have passed. */
  | { readonly kind: "retry"; readonly reason: FailureReason; readonly blame: Blame; readonly afterMs?: number }
  /** No task of the request will ever succeed. */
  | { readonly kind: "final"; readonly reason: FailureReason }
  /** The engine is lost: the tasks of the request go back to the queue, and `recover` is called. */
  | { readonly kind: "engine-lost"; readonly reason: FailureReason };

/**
 * The possible cause of a failure after which a retry makes sense. `batch`: after a repeated failure the batch is bisected.
 * `engine`: after repeated failures without a success the engine counts as lost. `either`: both may be the cause. `load`:
 * neither is the cause, so a later retry is enough.
 */
type Blame = "batch" | "engine" | "either" | "load";

export interface RetryPolicy {
  /** Number of failures after which a task ends without an answer, if other tasks were answered since its first failure. */
  readonly attempts: number;
  /** Number of failures after which a task ends without an answer, if no task was answered since its first failure. */
  readonly stormAttempts: number;
  /** Longest first wait in ms; this limit doubles with each failure. */
  readonly baseMs: number;
  /** Longest wait in ms. */
  readonly capMs: number;
  /** Longest wait in ms that a server's retry-after can ask for, see `withinTimeLeft`. */
  readonly afterCapMs: number;
  /** Number of failed rounds in a row after which an engine that may be the cause counts as lost. */
  readonly lostAfter: number;
  /**
   * A task ends without an answer when an engine was lost this many times while the task was in flight there. In its last
   * attempt it is sent alone.
   */
  readonly losses: number;
}

/** The end of a task. */
export type Outcome<R> =
  /** `ms`: duration of the request that answered. */
  | { readonly ok: true; readonly value: R; readonly attempts: number; readonly ms: number }
  | {
      readonly ok: false;
      /**
       * refused: another attempt is pointless; gave-up: the attempts are used up, a later run may succeed; engine-lost: no
       * engine is left.
       */
      readonly end: "refused" | "gave-up" | "engine-lost";
      readonly reason: FailureReason;
      readonly message: string;
      readonly attempts: number;
    };

/** One request that has ended, and the tasks that ended with it. */
export interface RequestEvent<T, R> {
  /** Null for tasks that ended without a request: no engine was left, or the task must not be sent ("unsafe"). */
  readonly attempt: Attempt<T> | null;
  /** Every task that ended with the request. Tasks of a failed request that are sent again are not included. */
  readonly outcomes: readonly TaskOutcome<T, R>[];
}

export interface TaskOutcome<T, R> {
  readonly task: T;
  readonly outcome: Outcome<R>;
}

/** One request. Only successful requests are used to measure the throughput. */
export type Attempt<T> = {
  /** Name of the worker that sent the request. */
  readonly worker: string;
  readonly tasks: readonly T[];
  /** Start and end of the request, monotonic ms. */
  readonly startedAt: number;
  readonly finishedAt: number;
  /** Requests of this worker in flight when the request started, itself included. */
  readonly inFlight: number;
  /** The worker's limit of requests in flight when the request started. */
  readonly concurrency: number;
} & ({ readonly ok: true } | { readonly ok: false; readonly reason: FailureReason; readonly message: string });

/** Counts of the tasks that were pulled. */
export interface Summary {
  readonly end: "done" | "aborted" | "engines-lost";
  readonly finished: number;
  readonly failed: number;
  /** Tasks that were in flight when the signal aborted; they have no outcome. */
  readonly aborted: number;
  /** Tasks that were pulled but not in flight when the signal aborted; they have no outcome. */
  readonly unstarted: number;
}
