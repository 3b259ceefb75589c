import { expect, test } from "vitest";
import { afterAnswer, startController } from "../../src/concurrency/controller.ts";
import { afterOverload, afterPoll } from "../../src/concurrency/headroom.ts";
import { levelOf } from "../../src/concurrency/setting.ts";
import { bestFixed, CACHE, controlled, LARGE, lengthsOf, rowsPerSecond, SMALL } from "./shapes.ts";

const START = { concurrency: 8, promptsPerRequest: 2 };
const SEEDS = [1, 2, 3];

test.each([
  { name: "a large model", shape: LARGE, rows: 4_000, tokens: 900, metrics: true },
  { name: "a large model without metrics", shape: LARGE, rows: 4_000, tokens: 900, metrics: false },
  { name: "a small model behind a slow front end", shape: SMALL, rows: 30_000, tokens: 300, metrics: true },
  { name: "the same without metrics", shape: SMALL, rows: 30_000, tokens: 300, metrics: false },
  { name: "a cache that overflows", shape: CACHE, rows: 12_000, tokens: 300, metrics: true },
])("is within 5 % of the best fixed setting after 2 % of the rows: $name", ({ shape, rows, tokens, metrics }) => {
  const best = bestFixed(shape, lengthsOf(Math.min(rows, 6_000), tokens, 1));
  for (const seed of SEEDS) {
    const { done } = controlled(shape, lengthsOf(rows, tokens, seed), { start: START, metrics, seed });
    expect(rowsPerSecond(done, 0.02, 0.97) / best, `seed ${seed}`).toBeGreaterThan(0.95);
  }
});

test("stays within 15 % of the best when the cache overflows and the engine reports no metrics", () => {
  const best = bestFixed(CACHE, lengthsOf(6_000, 300, 1));
  for (const seed of [...SEEDS, 4, 5, 6, 7, 8]) {
    const { done } = controlled(CACHE, lengthsOf(25_000, 300, seed), { start: START, metrics: false, seed });
    expect(rowsPerSecond(done, 0.02, 0.97) / best, `seed ${seed}`).toBeGreaterThan(0.85);
  }
});

test("follows an engine whose best setting changes midway", () => {
  const change = 100_000;
  const shape = { ...SMALL, requestMs: 30, stepMs: 40, slowdown: (now: number) => (now < change ? 1 : 0.25) };
  const lengths = lengthsOf(120_000, 300, 4);
  const { done } = controlled(shape, lengths, { start: START, metrics: true, seed: 4 });
  const best = bestFixed({ ...shape, slowdown: () => 0.25 }, lengths.slice(0, 20_000));
  const changed = done.findIndex((at) => at > change) / done.length;
  expect(changed).toBeLessThan(0.6);
  expect(rowsPerSecond(done, changed + 0.1, 0.97) / best).toBeGreaterThan(0.95);
});

test("keeps at most about a minute of work in flight after the search", () => {
  const slow = { ...LARGE, tokenMs: 4, stepTokens: 2_048 };
  const { settings, done } = controlled(slow, lengthsOf(2_000, 900, 5), { start: START, metrics: true, seed: 5 });
  const rate = rowsPerSecond(done, 0.02, 0.97);
  const late = settings.filter(({ at }) => at > 0.1 * (done.at(-1) ?? 0));
  expect(late.length).toBeGreaterThan(0);
  for (const { setting } of late) expect(levelOf(setting) / rate).toBeLessThan(66);
});

test("keeps fixed prompts per request and finds the number of requests", () => {
  const { settings, done } = controlled(SMALL, lengthsOf(30_000, 300, 6), {
    start: { concurrency: 4, promptsPerRequest: 32 },
    metrics: false,
    seed: 6,
    promptsPerRequest: 32,
  });
  expect(new Set(settings.map(({ setting }) => setting.promptsPerRequest))).toEqual(new Set([32]));
  expect(rowsPerSecond(done, 0.02, 0.97)).toBeGreaterThan(0.95 * bestFixed(SMALL, lengthsOf(6_000, 300, 1)));
});

test("halves the level when the engine is overloaded, once for all requests that were sent together", () => {
  const start = startController({ start: { concurrency: 8, promptsPerRequest: 4 }, promptsPerRequest: null }, 0);
  const once = afterOverload(start, { startedAt: 10, finishedAt: 100 });
  expect(levelOf(once.setting)).toBe(16);
  expect(afterOverload(once, { startedAt: 20, finishedAt: 110 })).toBe(once);
  expect(levelOf(afterOverload(once, { startedAt: 101, finishedAt: 200 }).setting)).toBe(8);
});

test("lowers the level after preemptions and does not return to it within minutes", () => {
  let controller = startController({ start: { concurrency: 8, promptsPerRequest: 8 }, promptsPerRequest: null }, 0);
  const load = { running: 64, waiting: 0, kvCacheUsage: 0.99, preemptions: 5 };
  controller = afterPoll(controller, load, 0);
  expect(levelOf(controller.setting)).toBe(64);
  controller = afterPoll(controller, { ...load, preemptions: 50 }, 2_000);
  const level = levelOf(controller.setting);
  expect(level).toBeLessThan(64);
  for (let k = 0; k < 2_000; k += 1) {
    const finishedAt = 3_000 + 100 * k;
    controller = afterAnswer(controller, { startedAt: finishedAt - 700, finishedAt, rows: 8, tokens: 2_400 });
    expect(levelOf(controller.setting)).toBeLessThan(64);
  }
});
