import { expect, test } from "vitest";
import {
  forecastWorkTime,
  lossesOf,
  observeEngineDown,
  observeFinished,
  type Speed,
  startSpeed,
} from "../../src/forecast/speed.ts";
import { meanOf } from "../../src/forecast/spread.ts";
import { workOf } from "../../src/forecast/work.ts";

const ROWS = 8;
const BATCH = workOf(Array(ROWS).fill(100));
const JOB = workOf(Array(4_000).fill(100));

/** An engine that gives back batches of eight rows of a hundred tokens, each so many ms after the one before. */
function run(times: readonly number[], start: Speed = startSpeed(JOB, 320), startedAt = 0): Speed {
  let speed = start;
  let at = startedAt;
  for (const ms of times) {
    const startedAt = at;
    at += ms;
    speed = observeFinished(speed, { startedAt, finishedAt: at, work: BATCH, concurrency: 16, ok: true });
  }
  return speed;
}

const steady = (count: number, ms = 200): number[] =>
  Array.from({ length: count }, (_, i) => ms * (1 + 0.02 * Math.sin(i)));
const msPerRow = (speed: Speed): number => {
  const spread = forecastWorkTime(speed, JOB);
  return spread === null ? Number.NaN : meanOf(spread) / JOB.rows;
};

test("nothing is forecast from a single window", () => {
  expect(forecastWorkTime(run(steady(3)), BATCH)).toBeNull();
  expect(Math.abs(msPerRow(run(steady(60))) / 25 - 1)).toBeLessThan(0.05);
});

test("work of one batch that was done in the time of the one before changes no speed, and counts as lost once", () => {
  const speed = run([...steady(60), 380, 20, ...steady(20)]);
  expect(lossesOf(speed).totalMs).toBeLessThan(200);
  expect(Math.abs(msPerRow(speed) / 25 - 1)).toBeLessThan(0.03);
});

test.each([
  ["in the pilot", 30],
  ["after it", 60],
])("a stall %s is one loss of its length, and no speed", (_, batches) => {
  const speed = run([...steady(batches), 5_000, ...steady(40)]);
  expect(lossesOf(speed).count).toBe(1);
  expect(Math.abs(lossesOf(speed).totalMs / 4_800 - 1)).toBeLessThan(0.1);
  expect(Math.abs(msPerRow(speed) / 25 - 1)).toBeLessThan(0.05);
});

test.each([
  ["in the pilot", 15],
  ["after it", 60],
])("an outlier before a loss of the engine and one after it are no change of speed, %s", (_, batches) => {
  // The last batch closes the window of the one before.
  const times = [...steady(batches), 1_000, 200];
  const before = run(times);
  const at = times.reduce((sum, ms) => sum + ms, 0);
  const down = observeEngineDown(before, at);
  expect(lossesOf(down).count).toBe(1);
  const after = run([200, 1_000, ...steady(3)], down, at + 60_000);
  // Both outliers, the time until the engine was up, and its first batch.
  expect(lossesOf(after).count).toBe(4);
  expect(Math.abs(msPerRow(after) / 25 - 1)).toBeLessThan(0.05);
});

test("an engine that stalls and then is twice as fast is known as such soon", () => {
  const speed = run([...steady(60), 5_000, ...steady(60, 100)]);
  expect(lossesOf(speed).count).toBe(1);
  expect(Math.abs(msPerRow(speed) / 12.5 - 1)).toBeLessThan(0.1);
});

test.each([
  [[4_000, 4_000]],
  [[40_000, 4_000]],
  [[4_000, 40_000]],
  [[4_000, 4_000, 4_000]],
  [[20_000, 200, 20_000]],
  [[3_000, 3_000, 500, 3_000]],
])("the speed before a stall is found again soon after it: %j ms", (stall) => {
  for (const rows of [4_000, 40_000]) {
    const job = workOf(Array(rows).fill(100));
    const speed = run([...steady(300), ...stall, ...steady(60)], startSpeed(job, 320));
    const spread = forecastWorkTime(speed, job);
    expect(spread).not.toBeNull();
    expect(Math.abs(meanOf(spread ?? []) / rows / 25 - 1)).toBeLessThan(0.1);
  }
});
