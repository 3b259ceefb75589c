import { expect, test } from "vitest";
import { secondsPerSample } from "../../src/bench/seconds-per-sample.ts";

test("a sample takes the seconds of its length: mean, median and 95th percentile over the rows", () => {
  // 10 ms a row and 2 ms a token; 100 rows with 1 to 100 tokens, in any order.
  const rows = Array.from({ length: 100 }, (_, row) => ({ row, tokens: ((row * 37) % 100) + 1 }));
  const { mean, p50, p95 } = secondsPerSample({ rowMs: 10, tokenMs: 2 }, { rows }, 1);
  expect(mean).toBeCloseTo((10 + 2 * 50.5) / 1_000, 12);
  expect(p50).toBeCloseTo((10 + 2 * 50.5) / 1_000, 12);
  expect(p95).toBeCloseTo((10 + 2 * 95.05) / 1_000, 12);
  expect(secondsPerSample({ rowMs: 10, tokenMs: 2 }, { rows }, 2).p95).toBeCloseTo(2 * p95, 12);
});
