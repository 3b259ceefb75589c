import { expect, test } from "vitest";
import { createRecorder } from "../../src/job/recorder.ts";
import type { Task } from "../../src/judge/judge.ts";
import type { Journal } from "../../src/runfolder/journal/append.ts";
import type { JournalEvent } from "../../src/runfolder/journal/events.ts";
import { createRunState, isAnswered } from "../../src/runfolder/state/run-state.ts";
import type { Attempt, FailureReason, Outcome, TaskOutcome } from "../../src/schedule/types.ts";
import type { Order, Reading } from "../../src/types.ts";
import { CLASSES } from "../../src/types.ts";
import { createVirtualClock } from "../helpers/virtual-clock.ts";

test("records the answers of a request under its number, and reports each row that is answered for the first time", () => {
  const { recorder, events, state, answers } = setUp();
  const tasks = [task(0), task(1), task(1, "ba")];
  recorder.onRequest({ attempt: attempt(tasks), outcomes: tasks.map(answered) });
  recorder.onRequest({ attempt: attempt([task(0)]), outcomes: [answered(task(0))] });
  expect(events).toMatchObject([
    { event: "row", row: 0, order: "ab", request: 1 },
    { event: "row", row: 1, order: "ab", request: 1 },
    { event: "row", row: 1, order: "ba", request: 1 },
    { event: "row", row: 0, order: "ab", request: 2 },
  ]);
  expect(recorder.counts).toEqual({
    scoredPrompts: 4,
    promptTokens: 12,
    requests: 2,
    failedRequests: 0,
    failing: null,
  });
  expect(answers()).toBe(3);
  expect(isAnswered(state, 1, "ba")).toBe(true);
});

test("records a failed request by order, first the rows that are sent again, then each row that ended with it", () => {
  const { recorder, events } = setUp();
  const tasks = [task(0), task(1), task(2, "ba"), task(3)];
  recorder.onRequest({ attempt: attempt(tasks, "server"), outcomes: [gaveUp(tasks[1] as Task, "server")] });
  expect(events).toMatchObject([
    { event: "failed", rows: [0, 3], order: "ab", reason: "server", final: false, request: 1 },
    { event: "failed", rows: [2], order: "ba", reason: "server", final: false, request: 1 },
    { event: "failed", rows: [1], order: "ab", reason: "server", final: true, request: 1 },
  ]);
  expect(recorder.counts).toMatchObject({ requests: 1, failedRequests: 1, failing: { requests: 1, reason: "server" } });
  recorder.onRequest({ attempt: attempt([task(0)]), outcomes: [answered(task(0))] });
  expect(recorder.counts.failing).toBeNull();
});

test("records rows that ended without a request under no number, and counts no request", () => {
  const { recorder, events } = setUp();
  recorder.onRequest({ attempt: null, outcomes: [gaveUp(task(2), "engine-lost")] });
  expect(events).toMatchObject([{ event: "failed", rows: [2], reason: "engine-lost", final: true, request: null }]);
  expect(recorder.counts.requests).toBe(0);
});

test("records requests that the end of the session aborted with the reason of that end, and not as failed", () => {
  const { recorder, events } = setUp("deadline");
  recorder.onRequest({ attempt: attempt([task(0)], "aborted"), outcomes: [] });
  expect(events).toMatchObject([{ event: "failed", rows: [0], reason: "deadline", final: false }]);
  expect(recorder.counts).toMatchObject({ requests: 1, failedRequests: 0 });
});

function setUp(abortReason?: "deadline" | "interrupted") {
  const events: JournalEvent[] = [];
  const state = createRunState(4, CLASSES);
  let answers = 0;
  const recorder = createRecorder({
    journal: { append: (event: JournalEvent) => events.push(event) } as unknown as Journal,
    state,
    clock: createVirtualClock(),
    redact: (text) => text,
    onAnswer: () => {
      answers += 1;
    },
    abortReason: abortReason === undefined ? undefined : () => abortReason,
  });
  return { recorder, events, state, answers: () => answers };
}

function task(row: number, order: Order = "ab"): Task {
  const fields: Omit<Task, "scorer"> = {
    row,
    order,
    tokenBudget: null,
    ids: [1, 2, 3],
    cutTokens: 0,
    neutralised: 0,
    refusal: null,
  };
  return fields as Task;
}

function attempt(tasks: readonly Task[], reason: FailureReason | null = null): Attempt<Task> {
  const fields = { worker: "engine", tasks, startedAt: 0, finishedAt: 10, inFlight: 1, concurrency: 1 };
  return reason === null ? { ...fields, ok: true } : { ...fields, ok: false, reason, message: "it failed" };
}

function answered(one: Task): TaskOutcome<Task, Reading> {
  const value: Reading = { logProbs: [-1, -2, -3], mass: 0.9, bounded: false };
  return { task: one, outcome: { ok: true, value, attempts: 1, ms: 10 } };
}

function gaveUp(one: Task, reason: FailureReason): TaskOutcome<Task, Reading> {
  const outcome: Outcome<Reading> = { ok: false, end: "gave-up", reason, message: "it failed", attempts: 1 };
  return { task: one, outcome };
}
