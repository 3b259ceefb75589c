import fc from "fast-check";
import { expect, test } from "vitest";
import { addAnswer, type MeasuredInterval, startInterval } from "../../src/concurrency/interval.ts";

/** An engine that answers `batch` requests together every `stepMs`. */
function batches(steps: number, batch: number, stepMs: number) {
  return Array.from({ length: steps * batch }, (_, k) => {
    const finishedAt = stepMs * (1 + Math.floor(k / batch)) + (k % batch) * 0.1;
    return { startedAt: finishedAt - stepMs, finishedAt, rows: 2, tokens: 400 };
  });
}

function measure(answers: ReturnType<typeof batches>, since: number, rows: number): readonly MeasuredInterval[] {
  const intervals: MeasuredInterval[] = [];
  let open = startInterval(since, rows);
  for (const answer of answers) {
    const { interval, measured } = addAnswer(open, answer);
    open = interval;
    if (measured !== null) intervals.push(measured);
  }
  return intervals;
}

test("measures the true speed of an engine that answers in batches, in intervals of at least a batch", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 40 }),
      fc.integer({ min: 0, max: 200 }),
      fc.integer({ min: 10, max: 5_000 }),
      (batch, more, stepMs) => {
        fc.pre(batch * 0.1 < 0.04 * stepMs);
        const intervals = measure(batches(60, batch, stepMs), 0, 2 * batch + more);
        for (const { rows, ms } of intervals) expect(rows / ms / ((2 * batch) / stepMs)).toBeCloseTo(1, 1);
      },
    ),
  );
});

test("does not count requests that were sent under the setting before", () => {
  const answers = batches(20, 4, 100);
  const [first] = measure(answers, 450, 16);
  expect(first?.endedAt).toBeGreaterThan(600);
  expect(measure(answers, 10_000, 16)).toEqual([]);
});
