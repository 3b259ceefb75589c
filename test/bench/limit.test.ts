import { expect, it } from "vitest";
import { type Evidence, whatLimits } from "../../src/bench/limit.ts";
import { judgeTime } from "../../src/bench/verdict.ts";

const SEEN: Evidence = {
  ...{ rowsPerSecond: 10, preparedPerSecond: 800, clientBusy: 0.1, level: 32, batchingGain: 1, lastGain: null },
  ...{ running: 12, waiting: 18, kvCacheUsage: 0.3, outsideEngine: 0.1 },
};

it.each<[string, Partial<Evidence>, string]>([
  ["compute", {}, "18 prompts waited"],
  ["compute", { running: null, waiting: null, kvCacheUsage: null, batchingGain: 1.4 }, "gave 40 %"],
  ["tokeniser", { rowsPerSecond: 790 }, "prepares 800 rows/s"],
  ["client", { clientBusy: 0.97 }, "97 %"],
  ["front end", { running: 3, waiting: 0, outsideEngine: 0.8 }, "only 3 had reached"],
  ["front end", { running: 3, waiting: 0, outsideEngine: null }, "only 3 had reached"],
  ["compute", { running: 1, waiting: 0, outsideEngine: 0.37 }, "more in flight brought nothing"],
  ["admission", { kvCacheUsage: 0.98 }, "98 % full"],
  ["not reached", { lastGain: 1.3, running: 32, waiting: 0 }, "still gave 30 %"],
])("names %s as the limit when it sees %j", (what, seen, because) => {
  const limit = whatLimits({ ...SEEN, ...seen });
  expect(limit.what).toBe(what);
  expect(limit.because).toContain(because);
});

it("says that a job fits only when the end of its interval does", () => {
  const time = { value: 100, low: 90, high: 110 };
  expect(judgeTime(time, 110)).toEqual({ fits: "yes", availableMs: 110, spareMs: 10 });
  expect(judgeTime(time, 105).fits).toBe("tight");
  expect(judgeTime(time, 99)).toEqual({ fits: "no", availableMs: 99, spareMs: -1 });
});
