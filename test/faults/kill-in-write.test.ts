import { existsSync, readdirSync, readFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { abtie, type Ended } from "../helpers/abtie.ts";
import { attachTo, startJudge, writeJob } from "../helpers/job.ts";
import { gone } from "../helpers/processes.ts";
import { seeded } from "../helpers/random.ts";
import { answersIn, expectValid } from "../helpers/results.ts";
import { faultRounds } from "../helpers/rounds.ts";

const DISTURB = fileURLToPath(new URL("../fixtures/cli/disturb-job.cjs", import.meta.url));
const KILLS = faultRounds(6);
const SEED = 20_261_128;
/** About the number of changes that one run makes. */
const CHANGES = 40;

test(
  `ends with the same files after ${KILLS} times kill -9 inside a change of its run folder, of which half may be done`,
  async () => {
    await using judge = await startJudge({ constantMs: 30 });
    const job = await writeJob({
      engine: attachTo(judge),
      rows: 200,
      config: { concurrency: 2, prompts_per_request: 2 },
    });
    expect((await abtie(["run", "job.yaml"], { cwd: job.folder })).status).toBe(0);
    const expected = { submission: readFileSync(job.submission, "utf8"), answers: answersIn(job.rowsFile) };
    const expectSame = (): void => {
      expect(readFileSync(job.submission, "utf8")).toBe(expected.submission);
      expect(answersIn(job.rowsFile)).toEqual(expected.answers);
      expect(readdirSync(join(job.folder, "run")).filter((name) => /^lock$|\.lock$/.test(name))).toEqual([]);
    };
    await rm(join(job.folder, "run"), { recursive: true });

    const random = seeded(SEED);
    let hasFile = false;
    for (let kills = 0; kills < KILLS; ) {
      const at = 1 + Math.floor(CHANGES * random());
      const { status, stderr } = await dieAt(at, job.folder);
      expect([0, 1]).toContain(status);
      hasFile ||= existsSync(job.submission);
      if (hasFile) expectValid(job.submission, job.ids);
      if (status === 1) {
        kills += 1;
        expect(stderr).toContain("the job process ended with SIGKILL");
        expect(await gone(job.folder)).toEqual([]);
        continue;
      }
      expectSame();
      await rm(join(job.folder, "run"), { recursive: true });
      hasFile = false;
    }
    expect((await abtie(["run", "job.yaml"], { cwd: job.folder })).status).toBe(0);
    expectSame();
  },
  60_000 * KILLS,
);

function dieAt(at: number, cwd: string): Promise<Ended> {
  const env = { NODE_OPTIONS: `--require ${DISTURB}`, ABTIE_TEST_DISTURB: JSON.stringify({ how: "die-in-write", at }) };
  return abtie(["run", "job.yaml"], { cwd, env });
}
