import { expect, test } from "vitest";
import { meansOf, type Poll } from "../../src/bench/engine-polls.ts";
import { suggestionOf } from "../../src/bench/suggestion.ts";
import type { Stage } from "../../src/bench/sweep.ts";
import type { EngineMetrics } from "../../src/engine/capabilities/metrics.ts";

const ALONE: Stage = { kind: "level", setting: { concurrency: 1, promptsPerRequest: 1 }, intervals: 3, rows: 4 };
const SAMPLE: Stage = { kind: "sample", setting: { concurrency: 8, promptsPerRequest: 4 }, intervals: 9, rows: 6 };
const NOTHING: EngineMetrics = {
  running: null,
  waiting: null,
  kvCacheUsage: null,
  prefixCacheQueries: null,
  prefixCacheHits: null,
  preemptions: null,
  promptTokens: null,
  queueTime: null,
  prefillTime: null,
  requestLatency: null,
  steps: null,
};

function poll(stage: Stage, at: number, metrics: Partial<EngineMetrics>, closing = false): Poll {
  return { stage, at, metrics: { ...NOTHING, ...metrics }, closing };
}

/** Twelve prompts of 250 tokens alone, 165 ms each; then ten steps of 2,000 tokens, 1,040 ms each. */
const POLLS = [
  poll(ALONE, 0, { prefillTime: { seconds: 1, count: 3 } }),
  poll(ALONE, 2_500, { prefillTime: { seconds: 1 + 12 * 0.165, count: 15 }, waiting: 0 }, true),
  poll(SAMPLE, 5_000, { steps: { tokens: 50_000, count: 40 }, waiting: 20, running: 8 }),
  poll(SAMPLE, 15_400, { steps: { tokens: 70_000, count: 50 }, waiting: 22, running: 8 }),
];

test("forecasts the gain of longer steps from the counters of the engine between polls", () => {
  const found = suggestionOf(POLLS, 250, null);
  expect(found).toMatchObject({ setting: "max_num_batched_tokens", value: 4_096 });
  expect(found?.gain).toBeCloseTo(1_040 / 2_000 / (2_040 / 4_000), 6);
});

test("forecasts no gain without the counters, or with too few steps between polls", () => {
  expect(suggestionOf(POLLS.slice(0, 3), 250, null)).toBeNull();
  expect(suggestionOf(POLLS.slice(2), 250, null)).toBeNull();
  expect(suggestionOf([], 250, null)).toBeNull();
});

test("leaves the poll at the end of a stage out of the means, since the running requests belong to the next stage", () => {
  expect(meansOf(POLLS, ({ kind }) => kind === "level")).toEqual({
    running: null,
    waiting: null,
    kvCacheUsage: null,
  });
  expect(meansOf(POLLS, ({ kind }) => kind === "sample")).toEqual({ running: 8, waiting: 21, kvCacheUsage: null });
});
