import { existsSync, readFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { abtie, startAbtie } from "../helpers/abtie.ts";
import { type Job, spawning, writeJob } from "../helpers/job.ts";
import { gone } from "../helpers/processes.ts";
import { seeded } from "../helpers/random.ts";
import { answersIn, expectValid } from "../helpers/results.ts";
import { faultRounds } from "../helpers/rounds.ts";

const KILLS = faultRounds(3);
/** Decides the moments; they are shares of the time that an undisturbed run takes on this machine. */
const SEED = 20_240_913;

test(
  `ends with the same files, byte for byte, after ${KILLS} times kill -9 at random moments`,
  async () => {
    const job = await writeJob({ engine: spawning({ constantMs: 20 }), rows: 600, config: { orders: "both" } });
    const undisturbed = await abtie(["run", "job.yaml"], { cwd: job.folder });
    expect(undisturbed.status).toBe(0);
    const expected = { submission: readFileSync(job.submission, "utf8"), answers: answersIn(job.rowsFile) };
    await rm(join(job.folder, "run"), { recursive: true });

    const random = seeded(SEED);
    for (let kills = 0; kills < KILLS; ) {
      const ended = await killAt(job, random() * undisturbed.ms);
      if (ended === "killed") {
        kills += 1;
        continue;
      }
      expectSame(job, expected);
      await rm(join(job.folder, "run"), { recursive: true });
    }
    expect((await abtie(["run", "job.yaml"], { cwd: job.folder })).status).toBe(0);
    expectSame(job, expected);
    expect(await gone(job.folder)).toEqual([]);
  },
  60_000 * KILLS,
);

/** Runs the job and kills it after that time, unless it has ended; what is on disk must be valid either way. */
async function killAt(job: Job, ms: number): Promise<"killed" | "done"> {
  const hadFile = existsSync(job.submission);
  const running = startAbtie(["run", "job.yaml"], { cwd: job.folder });
  await Promise.race([sleep(ms), running.ended]);
  running.child.kill("SIGKILL");
  const { status, signal, stderr } = await running.ended;
  if (signal === null) expect({ status, stderr }).toMatchObject({ status: 0 });
  // The first file comes before the first question; once there, there always is one.
  if (hadFile || stderr.includes("starting the server")) expectValid(job.submission, job.ids);
  else if (existsSync(job.submission)) expectValid(job.submission, job.ids);
  expect(await gone(job.folder)).toEqual([]);
  return signal === null ? "done" : "killed";
}

function expectSame(job: Job, expected: { submission: string; answers: readonly string[] }): void {
  expectValid(job.submission, job.ids);
  expect(readFileSync(job.submission, "utf8")).toBe(expected.submission);
  expect(answersIn(job.rowsFile)).toEqual(expected.answers);
}
