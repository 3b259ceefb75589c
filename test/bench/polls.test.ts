import { expect, it } from "vitest";
import type { Poll } from "../../src/bench/poll.ts";
import { figuresOf, suggestionOf } from "../../src/bench/polls.ts";
import type { Stage } from "../../src/bench/sweep.ts";
import type { EngineMetrics } from "../../src/engine/types.ts";

const ALONE: Stage = { kind: "level", setting: { concurrency: 1, promptsPerRequest: 1 }, windows: 3, rows: 4 };
const SAMPLE: Stage = { kind: "sample", setting: { concurrency: 8, promptsPerRequest: 4 }, windows: 9, rows: 6 };
const NOTHING: EngineMetrics = {
  ...{ running: null, waiting: null, kvCacheUsage: null, prefixCacheQueries: null, prefixCacheHits: null },
  ...{ preemptions: null, promptTokens: null, queueTime: null, prefillTime: null, requestLatency: null, steps: null },
};

function look(stage: Stage, at: number, metrics: Partial<EngineMetrics>, closing = false): Poll {
  return { stage, at, metrics: { ...NOTHING, ...metrics }, closing };
}

/** Twelve prompts of 250 tokens alone, 165 ms each; then ten steps of 2,000 tokens, 1,040 ms each. */
const LOOKS = [
  look(ALONE, 0, { prefillTime: { seconds: 1, count: 3 } }),
  look(ALONE, 2_500, { prefillTime: { seconds: 1 + 12 * 0.165, count: 15 }, waiting: 0 }, true),
  look(SAMPLE, 5_000, { steps: { tokens: 50_000, count: 40 }, waiting: 20, running: 8 }),
  look(SAMPLE, 15_400, { steps: { tokens: 70_000, count: 50 }, waiting: 22, running: 8 }),
];

it("foretells longer steps from the counters of the engine between the looks", () => {
  const found = suggestionOf(LOOKS, 250, null);
  expect(found).toMatchObject({ setting: "max_num_batched_tokens", value: 4_096 });
  expect(found?.gain).toBeCloseTo(1_040 / 2_000 / (2_040 / 4_000), 6);
});

it("foretells nothing without the counters, or with too few steps between the looks", () => {
  expect(suggestionOf(LOOKS.slice(0, 3), 250, null)).toBeNull();
  expect(suggestionOf(LOOKS.slice(2), 250, null)).toBeNull();
  expect(suggestionOf([], 250, null)).toBeNull();
});

it("leaves the looks at the end of a stage out of the means, since what runs then belongs to the next one", () => {
  expect(figuresOf(LOOKS, ({ kind }) => kind === "level")).toEqual({
    running: null,
    waiting: null,
    kvCacheUsage: null,
  });
  expect(figuresOf(LOOKS, ({ kind }) => kind === "sample")).toEqual({ running: 8, waiting: 21, kvCacheUsage: null });
});
