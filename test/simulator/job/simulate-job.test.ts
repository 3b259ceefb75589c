import { describe, expect, test } from "vitest";
import { simulateJob } from "./simulate-job.ts";
import { firstDifference, simulateTwice } from "./twice.ts";

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
    ["ends in order when the disk does not say whether the journal is still there", 98],
    ["does not depend on the depth of the folder that the simulator runs in", 5_009_981],
    ["takes the lock again that another process took before the holder was written", 8_007_022],
    ["leaves no timer when the disk refuses one of several looks at the paths of its outputs", 138],
    ["looks at no further path when the disk refuses one of several looks", 141],
  ])("%s", async (_, seed) => {
    expect((await simulateJob(seed)).violations).toEqual([]);
  });

  test("is the same for the same seed, event for event, and another one for another seed", async () => {
    const first = await simulateTwice(7, true);
    expect(first).toEqual({ ...(await simulateJob(7)), isTwice: true, difference: null });
    expect((await simulateJob(8)).hash).not.toBe(first.hash);
  });

  test("is named by the first event that differs, if it is ever another one", () => {
    expect(firstDifference(["1 a", "2 b", "3 c"], ["1 a", "2 x"])).toEqual({ line: 2, one: "2 b", other: "2 x" });
    expect(firstDifference(["1 a"], ["1 a", "2 b"])).toEqual({ line: 2, one: undefined, other: "2 b" });
    expect(firstDifference(["1 a"], ["1 a"])).toBeNull();
  });
});
