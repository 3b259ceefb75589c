import { expect, test } from "vitest";
import { defaultEscalation } from "../../src/escalate/model.ts";
import type { AnswerCounts } from "../../src/escalate/steps.ts";
import { knownStart } from "../../src/job/engine-guesses.ts";
import { createEscalator, type EscalatorOptions } from "../../src/job/escalator.ts";
import { throwIfHalted, whyNotStarted } from "../../src/job/two-judges.ts";
import { fold } from "../../src/runfolder/state/fold.ts";
import { createRunState } from "../../src/runfolder/state/run-state.ts";
import { CLASSES } from "../../src/types.ts";
import { createVirtualClock } from "../helpers/virtual-clock.ts";
import { rowEvent } from "../runfolder/samples.ts";

test("plans no prompt again that ended without an answer", () => {
  const states = [createRunState(3, CLASSES), createRunState(3, CLASSES)] as const;
  for (const row of [0, 1, 2]) fold(states[0], rowEvent(row));
  const { chooser } = createEscalator({ ...optionsOf(states), asksAll: true }).seats[1];
  const planned = () => new Set(chooser.rank().map(({ row, order }) => `${row} ${order}`));
  expect(planned().size).toBe(6);
  chooser.onTaken?.(0);
  chooser.onTaken?.(1);
  expect([...planned()].every((key) => key.startsWith("2"))).toBe(true);
  chooser.onEnded?.(0, "ab");
  fold(states[1], rowEvent(1));
  chooser.onEnded?.(1, "ab");
  expect(planned()).toEqual(new Set(["0 ba", "1 ba", "2 ab", "2 ba"]));
});

test("plans by the answers that are used: those of a second judge that are left out count as none, and a row without any gains too", () => {
  const states = [createRunState(3, CLASSES), createRunState(3, CLASSES)] as const;
  for (const row of [0, 1, 2]) for (const state of states) fold(state, rowEvent(row));
  const steps = [{ judge: 0, order: "ba" }] as const;
  const plannedWith = (counts: AnswerCounts): readonly number[] => {
    const combinedOf = (row: number) => (row === 2 ? null : { probabilities: UNSURE, counts });
    const { plan } = createEscalator({ ...optionsOf(states), steps, combinedOf });
    return plan().steps[0].map(({ row }) => row);
  };
  // With an answer of the second judge, the usual model expects nothing of the swapped order of the first.
  expect(plannedWith([1, 1])).toEqual([]);
  expect(plannedWith([1, 0])).toEqual([0, 1]);
  expect(plannedWith([0, 0])).toEqual([0, 1]);
});

test.each([
  ["attach", null, 0],
  ["attach", 300, 0],
  ["spawn", null, null],
  ["spawn", 300, 300],
] as const)("knows how long an engine takes to start: %s, measured %s s", (kind, longestStartUpSeconds, seconds) => {
  const engine = { kind } as Parameters<typeof knownStart>[0]["engine"];
  expect(knownStart({ engine }, { longestStartUpSeconds })).toBe(seconds);
});

test("changes to a second judge on the same server in a time in which no engine could start", () => {
  const states = [createRunState(3, CLASSES), createRunState(3, CLASSES)] as const;
  for (const row of [0, 1, 2]) fold(states[0], rowEvent(row));
  const clock = createVirtualClock();
  const at = clock.monotonic() + 10_000;
  const budget = () => ({ startedAt: 0, workEndAt: at, watchdogAt: at, deadlineAt: at });
  const answersIn = (seconds: number | null): number => {
    const options = { ...optionsOf(states), clock, budget, sharing: "turns" } as const;
    return createEscalator({ ...options, startUpSeconds: [() => seconds, seconds] }).plan().steps[1].length;
  };
  expect(answersIn(0)).toBeGreaterThan(0);
  expect(answersIn(null)).toBe(0);
});

test.each([
  [null, "no row gains"],
  [{ stay: 0, change: 0 }, "no row gains"],
  // Nothing of the first judge is open, and only a lucky start would pay.
  [{ stay: 0, change: 0.1 }, "no row gains"],
  [{ stay: 0.2, change: 0.1 }, "the swapped order of the first judge brings more"],
])("says why the second judge is not started: %j", (choice, reason) => {
  expect(whyNotStarted(choice)).toContain(reason);
});

test.each([
  ["done", false],
  ["low-mass", false],
  ["engine-lost", false],
  ["overrun", false],
  ["interrupted", false],
  ["deadline", true],
] as const)("a second judge whose session ended as %s was ended by the failure of the first: %s", (end, isHalted) => {
  const failed = AbortSignal.abort(new Error("the first failed"));
  const check = () => throwIfHalted(end, failed);
  if (isHalted) expect(check).toThrow("the first failed");
  else expect(check).not.toThrow();
  for (const halted of [null, new AbortController().signal]) expect(() => throwIfHalted(end, halted)).not.toThrow();
});

const UNSURE = [0.4, 0.3, 0.3] as const;

function optionsOf(states: EscalatorOptions["states"]): EscalatorOptions {
  return {
    names: ["quick", "careful"],
    states,
    model: defaultEscalation(CLASSES),
    pilot: null,
    combinedOf: () => ({ probabilities: UNSURE, counts: [1, 0] }),
    steps: [
      { judge: 1, order: "ab" },
      { judge: 1, order: "ba" },
    ],
    asksAll: false,
    sharing: "side-by-side",
    budget: () => null,
    startUpSeconds: [() => null, null],
    clock: createVirtualClock(),
  };
}
