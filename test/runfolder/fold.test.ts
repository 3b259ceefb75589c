import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { JournalEvent } from "../../src/runfolder/journal/events.ts";
import { fold } from "../../src/runfolder/state/fold.ts";
import {
  attemptsOf,
  createRunState,
  isAnswered,
  isShort,
  lastFailure,
  readingOf,
  tokenBudgetOf,
} from "../../src/runfolder/state/run-state.ts";
import { CLASSES } from "../../src/types.ts";
import { EVERY_KIND, failedEvent, rowEvent } from "./samples.ts";

const ROWS = 12;
const order = fc.constantFrom("ab" as const, "ba" as const);
const number = fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e4, max: 0 });
const event: fc.Arbitrary<JournalEvent> = fc.oneof(
  fc
    .record({
      row: fc.nat(ROWS - 1),
      order,
      logProbs: fc.tuple(number, number, fc.oneof(number, fc.constant(Number.NEGATIVE_INFINITY))),
      mass: fc.option(fc.double({ min: 0, max: 1, noNaN: true })),
      bounded: fc.boolean(),
      tokenBudget: fc.constantFrom(null, 128, 512),
      tokens: fc.nat(4_000),
      attempts: fc.integer({ min: 1, max: 9 }),
    })
    .map(({ row, ...more }) => rowEvent(row, more)),
  fc
    .record({
      rows: fc.uniqueArray(fc.nat(ROWS - 1), { minLength: 1, maxLength: 4 }),
      order,
      reason: fc.constantFrom("timeout", "server", "too-long"),
      final: fc.boolean(),
      request: fc.constantFrom(1, null),
    })
    .map(({ rows, ...more }) => failedEvent(rows, more)),
  fc.constantFrom(...EVERY_KIND.filter(({ event: kind }) => kind !== "row" && kind !== "failed")),
);

describe("folding a journal", () => {
  test("agrees with a plain reading of the events: first answer, last failure before it, number of failed requests", () => {
    fc.assert(
      fc.property(fc.array(event, { maxLength: 60 }), (events) => {
        const state = events.reduce(fold, createRunState(ROWS, CLASSES));
        for (const side of ["ab", "ba"] as const) {
          for (let row = 0; row < ROWS; row++) {
            const about = events.filter(
              (one) =>
                (one.event === "row" && one.row === row && one.order === side) ||
                (one.event === "failed" && one.rows.includes(row) && one.order === side),
            );
            const first = about.find((one) => one.event === "row");
            const before = first === undefined ? about : about.slice(0, about.indexOf(first));
            const failure = before.filter((one) => one.event === "failed").at(-1);
            const failures = about.filter((one) => one.event === "failed" && one.request !== null).length;
            expect(isAnswered(state, row, side)).toBe(first !== undefined);
            expect(isShort(state, row, side)).toBe((first?.tokenBudget ?? null) !== null);
            expect(tokenBudgetOf(state, row, side)).toBe(first?.tokenBudget ?? null);
            const { reason, final } = lastFailure(state, row, side) ?? {};
            expect(reason).toBe(failure?.reason);
            if (first === undefined) expect(final).toBe(failure?.final);
            expect(attemptsOf(state, row, side)).toBe(
              first === undefined ? failures : Math.max(first.attempts, failures + 1),
            );
            expect(readingOf(state, row, side)).toEqual(
              first === undefined ? null : { logProbs: first.logProbs, mass: first.mass, bounded: first.bounded },
            );
          }
          const answered = new Set(
            events.flatMap((one) => (one.event === "row" && one.order === side ? [one.row] : [])),
          );
          expect(state.orders[side].answered).toBe(answered.size);
        }
      }),
    );
  });

  test("keeps the last model, the longest start and the sums of the prefix cache", () => {
    const model = { event: "engine-model", at: 1, version: null, method: "logit_bias" } as const;
    const cache = { event: "prefix-cache", at: 1, looked: 100, found: 40, prepared: 90, shared: 30 } as const;
    const events: readonly JournalEvent[] = [
      { ...model, model: "first" },
      { event: "start-up", at: 1, seconds: 9 },
      cache,
      { ...model, model: "second" },
      { event: "start-up", at: 2, seconds: 4 },
      { ...cache, found: 2 },
    ];
    expect(createRunState(1, CLASSES)).toMatchObject({
      engineModel: null,
      longestStartUpSeconds: null,
      prefixCache: null,
    });
    expect(events.reduce(fold, createRunState(1, CLASSES))).toMatchObject({
      engineModel: { model: "second" },
      longestStartUpSeconds: 9,
      prefixCache: { looked: 200, found: 42, prepared: 180, shared: 60 },
    });
  });

  test("keeps 250,000 rows in both orders in less than 35 MB", () => {
    const state = createRunState(250_000, CLASSES);
    const bytes = Object.values(state.orders).flatMap((side) =>
      Object.values(side).map((value) => (ArrayBuffer.isView(value) ? value.byteLength : 0)),
    );
    expect(bytes.reduce((sum, size) => sum + size, 0)).toBeLessThan(35e6);
  });

  test("refuses a row that the run does not have", () => {
    const state = createRunState(2, CLASSES);
    expect(() => fold(state, rowEvent(2))).toThrow("row 2 in the journal of a run of 2 rows");
    expect(() => fold(state, failedEvent([0, 5]))).toThrow("row 5");
  });
});
