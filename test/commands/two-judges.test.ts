import { readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { RunStatus } from "../../src/commands/status.ts";
import { startAbtie } from "../helpers/abtie.ts";
import { inProcess } from "../helpers/in-process.ts";
import { attachTo, spawning, startJudge, writeJob } from "../helpers/job.ts";
import { until } from "../helpers/processes.ts";

const speed = ["--tokens-per-second", "1000"];

test("plan shows when engines in turns change, what each judge gets, and what is assumed", async () => {
  const judges = { quick: { engine: spawning({}) }, careful: { engine: spawning({ seed: 2 }) } };
  const job = await writeJob({ engine: {}, rows: 400, config: { engine: undefined, orders: "auto", judges } });
  const long = await inProcess(["plan", "job.yaml", "--deadline", "1h", ...speed], job.folder);
  expect(long.stdout).toMatch(/judge quick +\d+ s for every row\n/);
  expect(long.stdout).toMatch(
    /judge careful +the engine of quick is stopped after about .* later \(start and speed of careful not measured yet: assumed\)/,
  );
  expect(long.stdout).toMatch(/about 400 rows as given, and [\d,]+ rows? also in the swapped order/);
  const short = await inProcess(["plan", "job.yaml", "--deadline", "2m", ...speed, "--json"], job.folder);
  expect(JSON.parse(short.stdout).judges).toMatchObject({
    sharing: "turns",
    switchAfter: null,
    assumed: ["start", "speed"],
    answers: { secondAsGiven: 0, secondSwapped: 0 },
  });
  const unknown = await inProcess(["plan", "job.yaml", "--deadline", "1h"], job.folder);
  expect(unknown.stdout).toMatch(/judges +two: .* when the speed of the first is known/);
});

test("a dry run asks both servers, writes nothing, and refuses a run folder of another second judge", async () => {
  await using first = await startJudge();
  await using second = await startJudge({ seed: 2 });
  const judges = { quick: { engine: attachTo(first) }, careful: { engine: attachTo(second) } };
  const job = await writeJob({ engine: {}, rows: 12, config: { engine: undefined, judges } });
  const dry = await inProcess(["run", "job.yaml", "--dry-run"], job.folder);
  expect(dry.status).toBe(0);
  expect(dry.stdout).toContain("judges");
  expect((await inProcess(["run", "job.yaml"], job.folder)).status).toBe(0);
  const path = join(job.folder, "job.yaml");
  await writeFile(path, readFileSync(path, "utf8").replace("careful:\n", "careful:\n    context: 300\n"));
  const refused = await inProcess(["run", "job.yaml", "--dry-run"], job.folder);
  expect(refused.status).toBe(2);
  expect(refused.stderr).toContain("judge-careful holds answers of a run with other settings");
});

test("doctor checks both judges, and names each", async () => {
  await using first = await startJudge();
  const judges = {
    quick: { engine: attachTo(first) },
    careful: { engine: { ...attachTo(first), attach: "http://127.0.0.1:9" } },
  };
  const job = await writeJob({ engine: {}, rows: 12, config: { engine: undefined, judges } });
  const { status, stdout } = await inProcess(["doctor", "job.yaml", "--json"], job.folder);
  expect(status).toBe(4);
  const findings = JSON.parse(stdout) as readonly { check: string; level: string }[];
  expect(findings.filter(({ level }) => level === "error").map(({ check }) => check)).toEqual(["careful: server"]);
  expect(findings.some(({ check, level }) => check.startsWith("quick: ") && level === "ok")).toBe(true);
});

test("status counts the answers of the second judge of a run beside it", async () => {
  await using first = await startJudge({ constantMs: 60 });
  await using second = await startJudge({ seed: 2, constantMs: 60 });
  const judges = { quick: { engine: attachTo(first) }, careful: { engine: attachTo(second) } };
  const config = { engine: undefined, judges, concurrency: 1, prompts_per_request: 2 };
  const job = await writeJob({ engine: {}, rows: 60, config });
  const run = startAbtie(["run", "job.yaml"], { cwd: job.folder });
  let status: RunStatus | null = null;
  // The judge is asked a few prompts before the first row.
  await until("status shows answers of the second judge", async () => {
    const said = await inProcess(["status", "run", "--json"], job.folder);
    status = said.status === 0 ? (JSON.parse(said.stdout) as RunStatus) : null;
    return (status?.second?.asGiven ?? 0) > 0;
  });
  expect(status).toMatchObject({ state: "running", second: { name: "careful", model: "fake" } });
  expect((await run.ended).status).toBe(0);
  const { stdout } = await inProcess(["status", "run"], job.folder);
  expect(stdout).toMatch(/second judge careful: 60 rows as given/);
});
