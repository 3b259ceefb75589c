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

  // Each seed found the fault that its sentence excludes.
  test.each([
    ["makes the name of a new run folder durable before a server is asked", 4],
    ["leaves no timer of an engine that was brought back", 24],
    ["forces the lines of a killed process onto the disk before their answers are published again", 206],
    ["does not remove the lock of the process that took its own", 10_158],
    ["asks an engine that came back for its model before the next request", 5_890],
    ["explains a submission that the disk cannot read", 311],
    ["ends as what stopped it, although the last answers were faster than the forecast", 261],
    ["ends in order when it is interrupted while it takes its locks", 41],
  ])("%s", async (_, seed) => {
    expect((await simulateJob(seed)).violations).toEqual([]);
  });

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
