import { expect, test } from "vitest";
import { suggestLongerSteps } from "../../src/bench/suggestion.ts";

/** An engine whose steps take 40 ms and 0.5 ms a token. */
const step = (tokens: number) => ({ tokens, ms: 40 + 0.5 * tokens });
const EVIDENCE = { alone: step(250), full: step(1_990), waiting: 9, limit: null };

test("forecasts the gain of longer steps from the fixed time of a step", () => {
  const found = suggestLongerSteps(EVIDENCE);
  expect(found).toMatchObject({ setting: "max_num_batched_tokens", value: 4_096 });
  expect(found?.gain).toBeCloseTo(step(1_990).ms / 1_990 / (step(3_980).ms / 3_980), 10);
  expect(found?.gain).toBeCloseTo(1.0197, 4);
});

test("doubles the limit that the server was started with", () => {
  expect(suggestLongerSteps({ ...EVIDENCE, limit: 2_000 })?.value).toBe(4_000);
});

test("forecasts no gain when a step has no fixed time", () => {
  expect(suggestLongerSteps({ ...EVIDENCE, alone: { tokens: 250, ms: 90 } })?.gain).toBe(1);
});

test("gives no forecast when longer steps would not be full, or when both kinds of step have nearly the same length", () => {
  expect(suggestLongerSteps({ ...EVIDENCE, waiting: 0.4 })).toBeNull();
  expect(suggestLongerSteps({ ...EVIDENCE, full: step(300) })).toBeNull();
});
