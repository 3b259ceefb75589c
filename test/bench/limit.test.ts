import { expect, test } from "vitest";
import { deadlineCheckOf } from "../../src/bench/forecast.ts";
import { findLimit, type LimitEvidence } from "../../src/bench/limit.ts";

const EVIDENCE: LimitEvidence = {
  rowsPerSecond: 10,
  preparedPerSecond: 800,
  clientBusy: 0.1,
  level: 32,
  batchingGain: 1,
  lastGain: null,
  openGain: 1.02,
  running: 12,
  waiting: 18,
  kvCacheUsage: 0.3,
  outsideEngine: 0.1,
};

test.each<[string, Partial<LimitEvidence>, string]>([
  ["compute", {}, "18 prompts waited"],
  ["compute", { running: null, waiting: null, kvCacheUsage: null, batchingGain: 1.4 }, "gained 40 %"],
  ["compute", { openGain: 1.42 }, "a gain of up to 42 % stays possible"],
  ["compute", { openGain: null }, "no level above the best was measured"],
  ["tokeniser", { rowsPerSecond: 790 }, "prepares 800 rows/s"],
  ["client", { clientBusy: 0.97 }, "97 %"],
  ["front end", { running: 3, waiting: 0, outsideEngine: 0.8 }, "only 3 had reached"],
  ["front end", { running: 3, waiting: 0, outsideEngine: null }, "only 3 had reached"],
  ["compute", { running: 1, waiting: 0, outsideEngine: 0.37 }, "more prompts in flight gained nothing"],
  ["admission", { kvCacheUsage: 0.98 }, "98 % full"],
  ["not reached", { lastGain: 1.3, running: 32, waiting: 0 }, "still gained 30 %"],
])("names %s as the limit for %j", (what, different, because) => {
  const limit = findLimit({ ...EVIDENCE, ...different });
  expect(limit.what).toBe(what);
  expect(limit.because).toContain(because);
});

test("reports that a job fits only when the end of its interval fits", () => {
  const time = { value: 100, low: 90, high: 110 };
  expect(deadlineCheckOf(time, 110)).toEqual({ fits: "yes", availableMs: 110, spareMs: 10 });
  expect(deadlineCheckOf(time, 105).fits).toBe("tight");
  expect(deadlineCheckOf(time, 99)).toEqual({ fits: "no", availableMs: 99, spareMs: -1 });
});
