import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { abtie, startAbtie } from "../helpers/abtie.ts";
import { spawning, writeJob } from "../helpers/job.ts";
import { aliveWith, gone } from "../helpers/processes.ts";
import { expectValid, summaryIn } from "../helpers/results.ts";

const SERVER = /fake-vllm\.mjs serve/;

function serversOf(folder: string): readonly number[] {
  return aliveWith(folder).flatMap(({ pid, command }) => (SERVER.test(command) ? [pid] : []));
}

test("a second run uses the server that the first one left, until `engines` stops it", async () => {
  const job = await writeJob({ engine: spawning({}, { keep: "5m" }) });
  const { folder: cwd } = job;
  expect(await abtie(["run", "job.yaml"], { cwd })).toMatchObject({ status: 0, stdout: "" });
  const left = serversOf(cwd);
  expect(left).toHaveLength(1);

  const listed = await abtie(["engines", "--json"], { cwd });
  const { engines } = JSON.parse(listed.stdout) as { engines: readonly Record<string, unknown>[] };
  expect(engines).toHaveLength(1);
  expect(engines[0]).toMatchObject({ name: expect.stringMatching(/^abtie-/), endsInMs: expect.any(Number) });

  const second = await abtie(["run", "job.yaml", "--fresh"], { cwd });
  expect(second).toMatchObject({ status: 0 });
  expect(second.stderr).toContain("that an earlier run left");
  expect(serversOf(cwd)).toEqual(left);
  expectValid(job.submission, job.ids);
  expect(summaryIn(cwd)).toMatchObject({ end: "done", rows: { prior: 0 } });

  const text = await abtie(["engines"], { cwd });
  expect(text.stdout).toMatch(/^abtie-[0-9a-f]{8} {2}http:\/\/127\.0\.0\.1:\d+ .* stops in /);
  expect(await abtie(["engines", "--stop", "abtie-none"], { cwd })).toMatchObject({ status: 2 });
  expect((await abtie(["engines", "--stop", "all"], { cwd })).stdout).toMatch(/^abtie-[0-9a-f]{8} stops\n$/);
  expect(await gone(cwd)).toEqual([]);
  expect((await abtie(["engines"], { cwd })).stdout).toBe("no server is kept\n");
});

test("after kill -9 of a run its server goes on for no longer than it is kept", async () => {
  const job = await writeJob({
    engine: spawning({ constantMs: 200 }, { keep: "1s" }),
    rows: 400,
    config: { concurrency: 2 },
  });
  const { folder: cwd } = job;
  const running = startAbtie(["run", "job.yaml"], { cwd });
  while (!running.said().includes("/400 rows")) await sleep(50);
  running.child.kill("SIGKILL");
  await running.ended;
  expect(serversOf(cwd)).toHaveLength(1);
  expect(await gone(cwd)).toEqual([]);
});

test("`engines` does not stop a server that a run uses", async () => {
  const job = await writeJob({
    engine: spawning({ constantMs: 200 }, { keep: "1s" }),
    rows: 400,
    config: { concurrency: 2 },
  });
  const { folder: cwd } = job;
  const running = startAbtie(["run", "job.yaml"], { cwd });
  while (!running.said().includes("/400 rows")) await sleep(50);
  const listed = await abtie(["engines"], { cwd });
  expect(listed.stdout).toContain("a run uses it");
  const [name = ""] = listed.stdout.split(" ");
  const stopped = await abtie(["engines", "--stop", name], { cwd });
  expect(stopped).toMatchObject({ status: 4 });
  expect(stopped.stderr).toContain("a run uses");
  expect(serversOf(cwd)).toHaveLength(1);
  running.child.kill("SIGTERM");
  await running.ended;
  expect(await gone(cwd)).toEqual([]);
});
