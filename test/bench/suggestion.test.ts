import { expect, it } from "vitest";
import { suggestLongerSteps } from "../../src/bench/suggestion.ts";

/** An engine whose steps take 40 ms and 0.5 ms a token. */
const step = (tokens: number) => ({ tokens, ms: 40 + 0.5 * tokens });
const SEEN = { alone: step(250), full: step(1_990), waiting: 9, limit: null };

it("foretells what longer steps would give from what a step costs by itself", () => {
  const found = suggestLongerSteps(SEEN);
  expect(found).toMatchObject({ setting: "max_num_batched_tokens", value: 4_096 });
  expect(found?.gain).toBeCloseTo(step(1_990).ms / 1_990 / (step(3_980).ms / 3_980), 10);
  expect(found?.gain).toBeCloseTo(1.0197, 4);
});

it("doubles the limit that the server was started with, where it is known", () => {
  expect(suggestLongerSteps({ ...SEEN, limit: 2_000 })?.value).toBe(4_000);
});

it("promises nothing when a step by itself seems to cost nothing", () => {
  expect(suggestLongerSteps({ ...SEEN, alone: { tokens: 250, ms: 90 } })?.gain).toBe(1);
});

it("says nothing when longer steps could not be filled, or the steps seen are too alike", () => {
  expect(suggestLongerSteps({ ...SEEN, waiting: 0.4 })).toBeNull();
  expect(suggestLongerSteps({ ...SEEN, full: step(300) })).toBeNull();
});
