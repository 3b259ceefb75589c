import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { runJob } from "../../src/commands/run.ts";
import { openConfig } from "../../src/job/open-config.ts";
import { REAL_PARTS } from "../../src/job/parts.ts";
import { countThreads } from "../../src/job/preparing-threads.ts";
import { NO_THREADS, type PreparingThreads, startPreparingThreads } from "../../src/prompt/threads/threads.ts";
import { createEffects } from "../../src/system.ts";
import { attachTo, startJudge, writeJob } from "../helpers/job.ts";

test.each([
  [1, "elsewhere", 0],
  [2, "elsewhere", 1],
  [16, "elsewhere", 4],
  [2, "this-machine", 0],
  [4, "this-machine", 1],
  [16, "this-machine", 4],
  [2, "these-cores", 0],
  [64, "these-cores", 0],
] as const)("with %i cores and an engine on %s, %i threads prepare rows", (cores, place, threads) => {
  expect(countThreads(cores, place)).toBe(threads);
});

test("a run gives the same probabilities with threads as without", async () => {
  const files = await Promise.all(
    [startPreparingThreads(2), NO_THREADS].map(async (threads) => {
      await using judge = await startJudge({ constantMs: 5 });
      const job = await writeJob({ engine: attachTo(judge), rows: 1_200 });
      const effects = createEffects({ cwd: job.folder, env: { HOME: job.folder } });
      const config = await openConfig("job.yaml", [], effects);
      let taken = 0;
      const prepare: PreparingThreads["prepare"] = async (...asked) => {
        const prepared = await threads.prepare(...asked);
        if (prepared !== null) taken += 1;
        return prepared;
      };
      const openPreparingThreads = async () => ({ ...threads, prepare });
      await runJob(config, { force: false, fresh: false }, effects, { ...REAL_PARTS, openPreparingThreads });
      if (threads !== NO_THREADS) expect(taken).toBeGreaterThan(0);
      return readFileSync(job.submission, "utf8");
    }),
  );
  expect(files[0]).toBe(files[1]);
});
