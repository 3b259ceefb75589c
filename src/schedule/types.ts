import type { Clock } from "../types.ts";

/** What `schedule` needs. T is a task, R is the result of one task. */
export interface ScheduleOptions<T, R> {
  /** Pulled lazily and never ahead of need; it may itself wait for outcomes of earlier tasks. */
  readonly tasks: AsyncIterable<T>;
  /** One for each engine; a free one takes the next tasks. */
  readonly workers: readonly Worker<T, R>[];
  /** Classifies an error of `work`. An error that it throws is a bug: everything stops, and `schedule` throws it. */
  readonly classify: (error: unknown) => FailureClass;
  /**
   * Called once after each request, with every outcome that the request caused, and once more with the tasks that are left
   * when no engine is left. Every task that ended appears exactly once; a task that an abort left unfinished never does.
   */
  readonly onRequest: (event: RequestEvent<T, R>) => void;
  readonly retry: RetryPolicy;
  /** Limit of one request in ms. */
  readonly timeoutMs: (batch: readonly T[]) => number;
  /** How long an unfilled batch waits for further tasks before it is sent as it is, in ms; default 20. */
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
  /** Sends one request: resolves with as many results as tasks, in their order. Must settle soon after the signal aborts. */
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
  /** One task may have spoilt the request: bisect it. A task that is refused alone has ended. */
  | { readonly kind: "split"; readonly reason: FailureReason }
  /** May succeed later, not before afterMs. */
  | { readonly kind: "retry"; readonly reason: FailureReason; readonly blame: Blame; readonly afterMs?: number }
  /** Will never succeed, for any task of the request. */
  | { readonly kind: "final"; readonly reason: FailureReason }
  /** The engine is gone: its tasks go back to the queue, and `recover` is called. */
  | { readonly kind: "engine-lost"; readonly reason: FailureReason };

/**
 * The possible cause of a failure that is worth a retry: `batch` (repeated, the batch is bisected), `engine` (repeated
 * without any success between, the engine counts as lost), `either`, or `load` (neither: a later retry is enough).
 */
type Blame = "batch" | "engine" | "either" | "load";

export interface RetryPolicy {
  /** Failures after which a task gives up while others are answered. */
  readonly attempts: number;
  /** Failures after which a task gives up although no task was answered since its first failure. */
  readonly stormAttempts: number;
  /** Upper end of the first wait in ms; it doubles with each failure. */
  readonly baseMs: number;
  /** Upper end of any wait in ms. */
  readonly capMs: number;
  /** Longest wait in ms that a server's retry-after can ask for. */
  readonly afterCapMs: number;
  /** Failed rounds in a row, no success between, after which an engine that is to blame counts as lost. */
  readonly lostAfter: number;
  /** Losses of an engine, while a task was in flight there, after which the task ends. Before its last attempt it is sent alone. */
  readonly losses: number;
}

/** How a task ended. */
export type Outcome<R> =
  /** `ms`: duration of the request that answered. */
  | { readonly ok: true; readonly value: R; readonly attempts: number; readonly ms: number }
  | {
      readonly ok: false;
      /** refused: another attempt is pointless; gave-up: attempts used up, may work later; engine-lost: no engine is left. */
      readonly end: "refused" | "gave-up" | "engine-lost";
      readonly reason: FailureReason;
      readonly message: string;
      readonly attempts: number;
    };

/** One request that has ended, and the tasks that ended with it. */
export interface RequestEvent<T, R> {
  /** Null for tasks that ended without a request, because no engine was left. */
  readonly attempt: Attempt<T> | null;
  /** Every task that ended with the request; those of a failed request that go out again are not among them. */
  readonly outcomes: readonly TaskOutcome<T, R>[];
}

export interface TaskOutcome<T, R> {
  readonly task: T;
  readonly outcome: Outcome<R>;
}

/** One request. Only successful requests measure the throughput. */
export type Attempt<T> = {
  /** Name of the worker that sent it. */
  readonly worker: string;
  readonly tasks: readonly T[];
  /** Monotonic ms. */
  readonly startedAt: number;
  readonly finishedAt: number;
  /** Requests of this worker in flight when it started, itself included. */
  readonly inFlight: number;
  /** The worker's limit when it started. */
  readonly concurrency: number;
} & ({ readonly ok: true } | { readonly ok: false; readonly reason: FailureReason; readonly message: string });

/** Counts of the tasks that were pulled. */
export interface Summary {
  readonly end: "done" | "aborted" | "engines-lost";
  readonly finished: number;
  readonly failed: number;
  /** In flight when the signal aborted: no outcome. */
  readonly aborted: number;
  /** Pulled, but not in flight when the signal aborted: no outcome. */
  readonly unstarted: number;
}
