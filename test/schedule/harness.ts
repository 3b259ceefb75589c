import { uniformFloat64 } from "pure-rand/distribution/uniformFloat64";
import { xoroshiro128plus } from "pure-rand/generator/xoroshiro128plus";
import { DEFAULT_RETRY } from "../../src/schedule/backoff.ts";
import { schedule } from "../../src/schedule/schedule.ts";
import type {
  Attempt,
  FailureClass,
  Outcome,
  RequestEvent,
  RetryPolicy,
  ScheduleOptions,
  Summary,
  Worker,
} from "../../src/schedule/types.ts";
import { createVirtualClock, type VirtualClock } from "../helpers/virtual-clock.ts";

/** An error that carries its own class. */
export class Failure extends Error {
  readonly class: FailureClass;
  constructor(failure: FailureClass) {
    super(`simulated ${failure.reason}`);
    this.class = failure;
  }
}

export const refused = (): Failure => new Failure({ kind: "split", reason: "bad-request" });
export const broken = (): Failure => new Failure({ kind: "retry", reason: "malformed", blame: "batch" });
export const unreachable = (): Failure => new Failure({ kind: "retry", reason: "connection", blame: "engine" });
export const dead = (): Failure => new Failure({ kind: "engine-lost", reason: "engine-lost" });
export const busy = (afterMs?: number): Failure =>
  new Failure({ kind: "retry", reason: "overloaded", blame: "load", ...(afterMs === undefined ? {} : { afterMs }) });

export interface Recording {
  readonly clock: VirtualClock;
  readonly outcomes: Map<number, Outcome<number>>;
  readonly attempts: Attempt<number>[];
  readonly events: RequestEvent<number, number>[];
  /** Tasks that got a second outcome. */
  readonly twice: number[];
  /** Largest number of tasks that had been pulled and had no outcome. */
  readonly most: { unsettled: number };
}

export interface Trial extends Recording {
  readonly running: Promise<Summary>;
  /** Lets time pass until the schedule has ended. */
  readonly end: () => Promise<Summary>;
}

/** Work that takes `ms` on the clock and answers with each task doubled. */
export function answering(
  clock: VirtualClock,
  ms: number,
  check: (batch: readonly number[], nth: number) => void = () => {},
): Worker<number, number>["work"] {
  let requests = 0;
  return async (batch, signal) => {
    const nth = requests++;
    await clock.sleep(ms, signal);
    check(batch, nth);
    return batch.map((task) => task * 2);
  };
}

/** Starts a schedule of the tasks 0, 1, ... count - 1 on a virtual clock and records everything. */
export function start(
  count: number,
  workers: (clock: VirtualClock) => readonly Partial<Worker<number, number>>[],
  overrides: Partial<Omit<ScheduleOptions<number, number>, "workers" | "retry" | "tasks">> & {
    retry?: Partial<RetryPolicy>;
    tasks?: (recording: Recording) => AsyncIterable<number>;
  } = {},
): Trial {
  const clock = createVirtualClock();
  const recording: Recording = {
    clock,
    outcomes: new Map(),
    attempts: [],
    events: [],
    twice: [],
    most: { unsettled: 0 },
  };
  let pulled = 0;
  async function* counting(): AsyncGenerator<number> {
    for (let task = 0; task < count; task++) {
      pulled = task + 1;
      recording.most.unsettled = Math.max(recording.most.unsettled, pulled - recording.outcomes.size);
      yield task;
    }
  }
  const running = schedule<number, number>({
    classify: (error) => {
      if (error instanceof Failure) return error.class;
      throw error;
    },
    onRequest: (event) => {
      recording.events.push(event);
      if (event.attempt !== null) recording.attempts.push(event.attempt);
      for (const { task, outcome } of event.outcomes) {
        if (recording.outcomes.has(task)) recording.twice.push(task);
        recording.outcomes.set(task, outcome);
      }
    },
    timeoutMs: () => 10_000,
    clock,
    random: randomFrom(7),
    signal: new AbortController().signal,
    ...overrides,
    tasks: overrides.tasks?.(recording) ?? counting(),
    retry: { ...DEFAULT_RETRY, ...overrides.retry },
    workers: workers(clock).map((worker, index) => ({
      name: `engine-${index}`,
      concurrency: () => 4,
      batchSize: () => 8,
      work: answering(clock, 100),
      ...worker,
    })),
  });
  running.catch(() => {});
  return { ...recording, running, end: () => clock.until(running) };
}

/** A seeded source of numbers in [0, 1). */
export function randomFrom(seed: number): () => number {
  const generator = xoroshiro128plus(seed);
  return () => uniformFloat64(generator);
}

/** The tasks that got an answer, sorted. */
export function answered({ outcomes }: Recording): number[] {
  return [...outcomes]
    .filter(([, outcome]) => outcome.ok)
    .map(([task]) => task)
    .sort((a, b) => a - b);
}

/** The tasks that ended without an answer, with their reasons. */
export function failed({ outcomes }: Recording): Record<number, string> {
  const reasons: Record<number, string> = {};
  for (const [task, outcome] of outcomes) if (!outcome.ok) reasons[task] = `${outcome.end}: ${outcome.reason}`;
  return reasons;
}

/** Largest number of requests that were in flight at one moment, from their times. */
export function mostInFlight(attempts: readonly Attempt<number>[]): number {
  const changes = attempts.flatMap(({ startedAt, finishedAt }) => [
    { at: startedAt, by: 1 },
    { at: finishedAt, by: -1 },
  ]);
  changes.sort((a, b) => a.at - b.at || a.by - b.by);
  let now = 0;
  return changes.reduce((most, { by }) => {
    now += by;
    return Math.max(most, now);
  }, 0);
}

export const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index);
