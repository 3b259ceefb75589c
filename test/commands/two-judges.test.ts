import { existsSync, readFileSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { RunStatus } from "../../src/commands/status.ts";
import { startAbtie } from "../helpers/abtie.ts";
import { inProcess } from "../helpers/in-process.ts";
import { attachTo, spawning, startJudge, TOKENIZER, writeJob } from "../helpers/job.ts";
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

test("bench measures the judge that is named, and plan reads the speed of the second from it", async () => {
  await using first = await startJudge();
  await using second = await startJudge({ seed: 2 });
  const judges = { quick: { engine: attachTo(first) }, careful: { engine: attachTo(second) } };
  const job = await writeJob({ engine: {}, rows: 24, config: { engine: undefined, judges } });
  const bench = (...more: readonly string[]) =>
    inProcess(["bench", "job.yaml", "--sample", "8", "-j", "2", ...more], job.folder);
  const assumed = async (): Promise<unknown> =>
    JSON.parse((await inProcess(["plan", "job.yaml", "--json"], job.folder)).stdout).judges?.assumed;

  expect((await bench()).stderr).toContain("this is the first of two judges, quick; for the other: --judge careful");
  expect(second.stats.prompts).toBe(0);
  expect(await assumed()).toEqual(["speed"]);
  const asked = first.stats.prompts;
  expect((await bench("--judge", "careful")).stderr).not.toContain("of two judges");
  expect(first.stats.prompts).toBe(asked);
  expect(existsSync(join(job.folder, "run/judge-careful/bench.json"))).toBe(true);
  expect(await assumed()).toEqual([]);
  expect((await inProcess(["run", "job.yaml"], job.folder)).status).toBe(0);
});

test("a run without labelled rows plans its second judge by the benches of both", async () => {
  const judges = { quick: { engine: spawning({}) }, careful: { engine: spawning({ seed: 2 }) } };
  const job = await writeJob({ engine: {}, rows: 24, config: { engine: undefined, judges } });
  await mkdir(join(job.folder, "run/judge-careful"), { recursive: true });
  const benches = ["run/bench.json", "run/judge-careful/bench.json"].map((file) => join(job.folder, file)) as [
    string,
    string,
  ];
  const run = () => inProcess(["run", "job.yaml", "--deadline", "10m"], job.folder);
  await writeFile(benches[0], benchOf(10_000));
  await writeFile(benches[1], benchOf(0.001));
  expect((await run()).stderr).toContain("the judge careful is not started");

  await writeFile(benches[1], benchOf(250));
  expect((await run()).stderr).toContain("that of careful starts: 24 answers of it are planned");
  const journal = readFileSync(join(job.folder, "run/judge-careful/journal.jsonl"), "utf8").split("\n");
  const plans = journal.filter((line) => line.includes('"event":"plan"')).map((line) => JSON.parse(line).plan);
  expect(plans.map(({ ladder: [step] }) => step.tokens / step.seconds)).toEqual([expect.closeTo(250, 6)]);

  // The answers are worth more than a file that only helps to plan.
  await writeFile(benches[0], "{}");
  const damaged = await inProcess(["run", "job.yaml", "--fresh"], job.folder);
  expect(damaged).toMatchObject({ status: 0, stderr: expect.stringMatching(/counts as not measured: .*bench\.json/) });
});

/** A bench.json, as far as other commands read it. */
function benchOf(tokensPerSecond: number): string {
  const fit = { rowMs: 0, tokenMs: 1_000 / tokensPerSecond };
  const speeds = { best: { concurrency: 1, promptsPerRequest: 1 }, fit };
  return JSON.stringify({ format: 1, speeds, lengths: { meanTokens: 50 } });
}

test("show and prepare take the prompts of the judge that is named, and refuse a name that no judge has", async () => {
  const engine = { attach: "http://127.0.0.1:9", tokenizer: TOKENIZER };
  const judges = { quick: { engine }, careful: { engine, template: "rules" } };
  const job = await writeJob({ engine: {}, rows: 12, config: { engine: undefined, judges } });
  const templateOf = async (...judge: readonly string[]): Promise<unknown> =>
    JSON.parse((await inProcess(["show", "job.yaml", "--json", ...judge], job.folder)).stdout).template;
  expect(await templateOf("--judge", "careful")).toBe("rules");
  expect(await templateOf("--judge", "quick")).toBe(await templateOf());
  expect(await templateOf()).not.toBe("rules");
  const unknown = await inProcess(["prepare", "job.yaml", "-o", "out", "--judge", "large"], job.folder);
  expect(unknown).toMatchObject({ status: 2, stderr: expect.stringContaining("name quick or careful") });
  const one = await writeJob({ engine, rows: 12 });
  const unnamed = await inProcess(["bench", "job.yaml", "--judge", "quick"], one.folder);
  expect(unnamed).toMatchObject({ status: 2, stderr: expect.stringContaining("one judge without a name") });
});

test("flags are those of the judge that is taken alone, also when the other differs in its template alone", async () => {
  await using server = await startJudge();
  const engine = attachTo(server);
  const judges = { quick: { engine }, careful: { engine, template: "rules" } };
  const job = await writeJob({ engine: {}, rows: 12, config: { engine: undefined, judges } });
  const shown = await inProcess(["show", "job.yaml", "--json", "--judge", "quick", "-t", "rules"], job.folder);
  expect(shown.status, shown.stderr).toBe(0);
  expect(JSON.parse(shown.stdout).template).toBe("rules");
  const compared = await inProcess(["compare", "job.yaml", "-t", "./template.jinja", "-t", "rules"], job.folder);
  expect(compared.status, compared.stderr).toBe(0);
  const run = await inProcess(["run", "job.yaml", "-t", "rules"], job.folder);
  expect(run).toMatchObject({ status: 2, stderr: expect.stringContaining("the same judge twice") });
});

test("compare says which of two judges it asks", async () => {
  await using first = await startJudge();
  await using second = await startJudge({ seed: 2 });
  const judges = { quick: { engine: attachTo(first) }, careful: { engine: attachTo(second) } };
  const job = await writeJob({ engine: {}, rows: 12, config: { engine: undefined, judges } });
  const { stderr, status } = await inProcess(
    ["compare", "job.yaml", "-t", "./template.jinja", "-t", "rules"],
    job.folder,
  );
  expect(stderr).toContain("the first of two judges, quick; careful is not asked");
  expect([status, second.stats.prompts]).toEqual([0, 0]);
});
