import { spawn, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, onTestFinished, type TestContext, test } from "vitest";
import { MAIN, startAbtie } from "../helpers/abtie.ts";
import { inProcess } from "../helpers/in-process.ts";
import { attachTo, type Job, startJudge, writeJob } from "../helpers/job.ts";
import { until } from "../helpers/processes.ts";
import { expectValid, readLines, summaryIn } from "../helpers/results.ts";
import { moments } from "../helpers/rounds.ts";

const ROWS = 600;

test("keeps its last complete file on a full disk, says so, and finishes once there is room", async (context) => {
  await using judge = await startJudge();
  const job = await writeJob({ engine: attachTo(judge), rows: ROWS });
  await mountSmall(context, join(job.folder, "run"), "260k");
  const first = await inProcess(["run", "job.yaml"], job.folder);
  expect(first.status).toBe(3);
  expect(first.stderr).toContain("ENOSPC");
  expect(first.stderr).toContain(`${job.submission} is complete and valid, but older`);
  expectValid(job.submission, job.ids);

  expect(mount("-o", "remount,size=20M", join(job.folder, "run"))).toBe(true);
  expect((await inProcess(["run", "job.yaml"], job.folder)).status).toBe(0);
  await expectAsOnAnotherDisk(job);
});

test.for(moments(20_241_123))(
  "goes on through a time without room, and loses nothing: at %f",
  async (moment, context) => {
    await using judge = await startJudge({ constantMs: 100 });
    const config = { concurrency: 4, prompts_per_request: 4 };
    const job = await writeJob({ engine: attachTo(judge), rows: ROWS, config });
    const run = join(job.folder, "run");
    await mountSmall(context, run, "4M");
    const running = startAbtie(["run", "job.yaml"], { cwd: job.folder });
    await until("some rows are answered", () => judge.stats.prompts > 10 + 300 * moment);
    await writeFile(join(run, "filler"), Buffer.alloc(8_000_000)).catch(() => {});
    await until("the disk is found to be full", () => running.said().includes("ENOSPC"));
    expectValid(job.submission, job.ids);
    await rm(join(run, "filler"));
    expect((await running.ended).status).toBe(0);
    await expectAsOnAnotherDisk(job);
  },
);

test("keeps its last complete file when files may not grow, without being root", async () => {
  await using judge = await startJudge();
  const job = await writeJob({ engine: attachTo(judge), rows: ROWS });
  const said = await new Promise<{ status: number | null; stderr: string }>((resolve) => {
    // In blocks of 1,024 bytes: enough for the first files, not for all answers.
    const line = 'ulimit -f 120; exec node "$MAIN" run job.yaml';
    const env = { PATH: process.env["PATH"], HOME: job.folder, MAIN };
    const child = spawn("bash", ["-c", line], { cwd: job.folder, env, stdio: ["ignore", "ignore", "pipe"] });
    let stderr = "";
    child.stderr.on("data", (text) => {
      stderr += text;
    });
    child.once("close", (status) => resolve({ status, stderr }));
  });
  expect(said).toMatchObject({ status: 3, stderr: expect.stringContaining("EFBIG") });
  expectValid(job.submission, job.ids);
  expect((await inProcess(["run", "job.yaml"], job.folder)).status).toBe(0);
  await expectAsOnAnotherDisk(job);
});

let reference: Promise<string> | undefined;

async function expectAsOnAnotherDisk(job: Job): Promise<void> {
  expectValid(job.submission, job.ids);
  expect(summaryIn(job.folder)).toMatchObject({ rows: { "one-order": ROWS, prior: 0 } });
  expect(readLines(job.rowsFile)).toHaveLength(ROWS);
  reference ??= (async () => {
    await using judge = await startJudge();
    const other = await writeJob({ engine: attachTo(judge), rows: ROWS });
    await inProcess(["run", "job.yaml"], other.folder);
    return readFileSync(other.submission, "utf8");
  })();
  expect(readFileSync(job.submission, "utf8")).toBe(await reference);
}

async function mountSmall(context: TestContext, folder: string, size: string): Promise<void> {
  await mkdir(folder);
  if (!mount("-t", "tmpfs", "-o", `size=${size}`, "tmpfs", folder)) {
    context.skip("this needs the right to mount a small tmpfs");
  }
  onTestFinished(() => void spawnSync("umount", ["-l", folder]));
}

function mount(...args: readonly string[]): boolean {
  return spawnSync("mount", args).status === 0;
}
