import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { abtie, startAbtie } from "../helpers/abtie.ts";
import { temporaryFolder } from "../helpers/folder.ts";
import { spawning, writeJob } from "../helpers/job.ts";
import { aliveWith, gone, until } from "../helpers/processes.ts";
import { expectValid } from "../helpers/results.ts";

const TIMEOUT = { timeout: 120_000 };
const SLOWLY = { concurrency: 2, prompts_per_request: 2 };
const DEADLINE_MS = 10_000 + 8 * (await abtie(["run", "nowhere.yaml"], { cwd: await temporaryFolder() })).ms;
const hasTools =
  spawnSync("python3", ["-c", "import ctypes"]).status === 0 && spawnSync("setsid", ["--version"]).status === 0;

/** Each server has a descendant that left its session, has no environment, and whose parents have ended. */
async function start(args: readonly string[] = []) {
  const name = `escaped-${Math.random()}`;
  const job = await writeJob({
    engine: spawning({ constantMs: 200, escape: name, ignoreSigterm: true }),
    rows: 2000,
    config: SLOWLY,
  });
  const running = startAbtie(["run", "job.yaml", ...args], { cwd: job.folder });
  await until("the server has a descendant that escaped", () => processesNamed(name).length > 0);
  return { job, running, escaped: () => processesNamed(name) };
}

test.concurrent("a process that escaped from its server is gone after Ctrl-C", TIMEOUT, async (context) => {
  if (!hasTools) context.skip("this needs python3 and setsid");
  const { job, running, escaped } = await start();
  running.child.kill("SIGINT");
  expect((await running.ended).status).toBe(130);
  expect([...escaped(), ...aliveWith(job.folder)]).toEqual([]);
});

test("a process that escaped from its server is gone at the deadline", TIMEOUT, async (context) => {
  if (!hasTools) context.skip("this needs python3 and setsid");
  const { job, running, escaped } = await start(["--deadline", `${DEADLINE_MS}ms`]);
  expect((await running.ended).status).toBe(5);
  expect([...escaped(), ...aliveWith(job.folder)]).toEqual([]);
  expectValid(job.submission, job.ids);
});

test.concurrent(
  "a process that escaped from its server is gone soon after kill -9 of abtie",
  TIMEOUT,
  async (context) => {
    if (!hasTools) context.skip("this needs python3 and setsid");
    const { job, running, escaped } = await start();
    running.child.kill("SIGKILL");
    await running.ended;
    expect(await gone(job.folder)).toEqual([]);
    await until("it is gone", () => escaped().length === 0);
  },
);

test.concurrent("even kill -9 of abtie's processes and of the supervisor leaves nothing", TIMEOUT, async (context) => {
  if (!hasTools) context.skip("this needs python3 and setsid");
  const { job, running, escaped } = await start();
  const own = aliveWith(job.folder).filter(({ command }) => /dist\/(cli|process)\//.test(command));
  expect(own).toHaveLength(3);
  for (const { pid } of own) process.kill(pid, "SIGKILL");
  await running.ended;
  expect(await gone(job.folder)).toEqual([]);
  await until("it is gone", () => escaped().length === 0);
});

test.concurrent(
  "without python3 the server runs all the same, and its log says what may outlive it",
  TIMEOUT,
  async () => {
    const engine = spawning({ constantMs: 0 });
    const job = await writeJob({ engine, rows: 4 });
    const ended = await abtie(["run", "job.yaml"], { cwd: job.folder, env: { PATH: "/nonexistent" } });
    expect(ended.status).toBe(0);
    expect(readFileSync(`${job.folder}/run/server.log`, "utf8")).toContain(
      "abtie: python3 is missing: a process of the server",
    );
    expect(aliveWith(job.folder)).toEqual([]);
  },
);

function processesNamed(name: string): readonly string[] {
  return readdirSync("/proc").filter((pid) => {
    try {
      const isNamed = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0").includes(name);
      return isNamed && !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
    } catch {
      return false;
    }
  });
}
