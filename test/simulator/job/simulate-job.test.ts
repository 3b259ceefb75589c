import { describe, expect, test } from "vitest";
import { simulateJob } from "./simulate-job.ts";

/** Number of seeds in one test; `node bench/simulate.mjs` simulates more. */
const SEEDS = 25;

describe("a whole job, simulated from one seed", () => {
  test.each([1, 2, 3, 4])(
    "never breaks a promise, whatever disk, servers and signals do (part %i of 4)",
    async (part) => {
      const failed: string[] = [];
      for (let seed = (part - 1) * SEEDS + 1; seed <= part * SEEDS; seed += 1) {
        const { violations } = await simulateJob(seed);
        if (violations.length > 0) failed.push(`node bench/simulate.mjs --replay ${seed}: ${violations.join("; ")}`);
      }
      expect(failed).toEqual([]);
    },
  );

  test("is the same for the same seed, event for event, and another one for another seed", async () => {
    const lines: string[] = [];
    const first = await simulateJob(7, (line) => lines.push(line));
    const again: string[] = [];
    const second = await simulateJob(7, (line) => again.push(line));
    expect(again).toEqual(lines);
    expect(second).toEqual(first);
    expect((await simulateJob(8)).hash).not.toBe(first.hash);
  });
});
