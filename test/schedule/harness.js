import { uniformFloat64 } from "pure-rand/distribution/uniformFloat64";
import { xoroshiro128plus } from "pure-rand/generator/xoroshiro128plus";
import { DEFAULT_RETRY } from "../../src/schedule/backoff.js";
import { schedule } from "../../src/schedule/schedule.js";
import { createVirtualClock } from "../helpers/virtual-clock.js";
/** An error that says itself what it means. */
export class Failure extends Error {
  verdict;
  constructor(verdict) {
    super(`simulated ${verdict.reason}`);
    this.verdict = verdict;
  }
}
export const refused = () => new Failure({ kind: "split", reason: "bad-request" });
export const broken = () => new Failure({ kind: "retry", reason: "malformed", blame: "batch" });
export const unreachable = () => new Failure({ kind: "retry", reason: "connection", blame: "engine" });
export const dead = () => new Failure({ kind: "engine-lost", reason: "engine-lost" });
export const busy = (afterMs) =>
  new Failure({ kind: "retry", reason: "overloaded", blame: "load", ...(afterMs === undefined ? {} : { afterMs }) });
/** Work that takes `ms` on the clock and answers with each task doubled. */
export function answering(clock, ms, check = () => {}) {
  let requests = 0;
  return async (batch, signal) => {
    const nth = requests++;
    await clock.sleep(ms, signal);
    check(batch, nth);
    return batch.map((task) => task * 2);
  };
}
/** Starts a schedule of the tasks 0, 1, ... count - 1 on a virtual clock and records everything. */
export function start(count, lanes, overrides = {}) {
  const clock = createVirtualClock();
  const recording = { clock, outcomes: new Map(), attempts: [], twice: [], most: { held: 0 } };
  let pulled = 0;
  const count_ = () => {
    recording.most.held = Math.max(recording.most.held, pulled - recording.outcomes.size);
  };
  async function* tasks() {
    for (let task = 0; task < count; task++) {
      pulled = task + 1;
      count_();
      yield task;
    }
  }
  const running = schedule({
    tasks: tasks(),
    classify: (error) => {
      if (error instanceof Failure) return error.verdict;
      throw error;
    },
    onOutcome: (task, outcome) => {
      if (recording.outcomes.has(task)) recording.twice.push(task);
      recording.outcomes.set(task, outcome);
    },
    onAttempt: (attempt) => recording.attempts.push(attempt),
    timeoutMs: () => 10_000,
    clock,
    random: randomFrom(7),
    signal: new AbortController().signal,
    ...overrides,
    retry: { ...DEFAULT_RETRY, ...overrides.retry },
    lanes: lanes(clock).map((lane, index) => ({
      name: `engine-${index}`,
      concurrency: () => 4,
      batchSize: () => 8,
      work: answering(clock, 100),
      ...lane,
    })),
  });
  running.catch(() => {});
  return { ...recording, running, end: () => clock.until(running) };
}
/** A seeded source of numbers in [0, 1). */
export function randomFrom(seed) {
  const generator = xoroshiro128plus(seed);
  return () => uniformFloat64(generator);
}
/** The tasks that got an answer, sorted. */
export function answered({ outcomes }) {
  return [...outcomes]
    .filter(([, outcome]) => outcome.ok)
    .map(([task]) => task)
    .sort((a, b) => a - b);
}
/** The tasks that ended without an answer, with their reasons. */
export function failed({ outcomes }) {
  const reasons = {};
  for (const [task, outcome] of outcomes) if (!outcome.ok) reasons[task] = `${outcome.end}: ${outcome.reason}`;
  return reasons;
}
/** Largest number of requests that were in flight at one moment, from their times. */
export function mostInFlight(attempts) {
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
export const upTo = (count) => Array.from({ length: count }, (_, index) => index);
