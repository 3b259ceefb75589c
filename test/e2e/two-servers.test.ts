import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Config, SpawnConfig } from "../../src/config/config.ts";
import type { Engine } from "../../src/engine/engine.ts";
import { openRows } from "../../src/job/open-rows.ts";
import type { RunSummary } from "../../src/job/summary.ts";
import { createGenerativeLoader } from "../../src/judge/generative/load.ts";
import { engineOpeners } from "../../src/pool/open-engines.ts";
import { Secret } from "../../src/secrets/secret.ts";
import { systemClock } from "../../src/system.ts";
import { abtie, demoConfig, serversAlive, testEffects } from "./engine.ts";

/** The day that chat templates print. */
const DAY = "2026-11-28";

const ROWS = 60;
const ANSWERED_BEFORE = 16;

let folder: string;
let servers: readonly Engine[];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "abtie-e2e-"));
  const setup = await abtie(["setup"]);
  expect(setup.stderr, setup.stderr).toContain("ready");
  servers = await startTwo(await demoConfig());
});
afterAll(async () => {
  await Promise.all((servers ?? []).map((server) => server[Symbol.asyncDispose]()));
  expect(await serversAlive()).toEqual([]);
  await rm(folder, { recursive: true, force: true });
});

test("loses no row when one of two servers is killed midway, and gets the numbers of a single server", async () => {
  const [first, second] = servers;
  if (first === undefined || second === undefined) throw new Error("two servers were started");
  const both = run("both", [first, second]);
  await answeredInJournal(join(folder, "both"), ANSWERED_BEFORE);
  await kill(second);
  const { summary, probabilities } = await both;
  expect(summary).toMatchObject({ end: "done", rows: { total: ROWS, prior: 0 }, session: { resumedRows: 0 } });
  expect(summary.session.failedRequests).toBeGreaterThan(0);

  const alone = await run("alone", [first]);
  expect(alone.probabilities).toHaveLength(ROWS);
  const differences = probabilities.map((row, at) =>
    Math.max(...row.map((value, place) => Math.abs(value - (alone.probabilities[at]?.[place] ?? Number.NaN)))),
  );
  console.info(`largest difference of a probability: ${Math.max(...differences).toExponential(1)}`);
  expect(Math.max(...differences)).toBeLessThan(1e-4);
});

async function startTwo(found: Config): Promise<readonly Engine[]> {
  if (found.engine.kind !== "spawn") throw new Error("the demo spawns its server");
  const env = { ...found.engine.env, VLLM_CPU_KVCACHE_SPACE: new Secret("1") };
  const engine: SpawnConfig = { ...found.engine, replicas: 2, env };
  const config = { ...found, engine, runFolder: folder };
  await using dataset = await openRows(config, new AbortController().signal);
  const judge = await (await createGenerativeLoader({ ...config, date: DAY }, dataset, systemClock)).open(null);
  const { ids } = await judge.prepare(0, "ab", null);
  const probe = async () => ({ prompt: ids, ids: judge.resolved.probes[0]?.ids ?? [] });
  const openers = engineOpeners({ config, effects: testEffects(), logFolder: folder, probe });
  return Promise.all(openers.map(({ open }) => open(new AbortController().signal)));
}

/** Runs the demo's rows on servers that run; gives its summary and the probabilities in rows.jsonl. */
async function run(
  name: string,
  engines: readonly Engine[],
): Promise<{ summary: RunSummary; probabilities: readonly (readonly number[])[] }> {
  const urls = engines.map(({ baseUrl }) => baseUrl);
  const { model } = engines[0] as Engine;
  const config = await demoConfig();
  const job = {
    input: config.input,
    template: "rules",
    run: join(folder, name),
    limit: ROWS,
    orders: "one",
    engine: { attach: urls, model, tokenizer: config.engine.tokenizer },
  };
  const path = join(folder, `${name}.yaml`);
  await writeFile(path, JSON.stringify(job));
  const result = await abtie(["run", path, "--json"]);
  expect(result.exitCode, result.stderr).toBe(0);
  const summary = JSON.parse(result.stdout) as RunSummary;
  const lines = (await readFile(summary.files.rows, "utf8")).trimEnd().split("\n");
  return { summary, probabilities: lines.map((line) => JSON.parse(line).probabilities as readonly number[]) };
}

async function answeredInJournal(runFolder: string, rows: number): Promise<void> {
  for (;;) {
    const text = await readFile(join(runFolder, "journal.jsonl"), "utf8").catch(() => "");
    if (text.split("\n").filter((line) => line.includes('"event":"row"')).length >= rows) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** Kills the process that listens at the engine's port, as the kernel does when memory is short. */
async function kill({ baseUrl }: Engine): Promise<void> {
  const { port } = new URL(baseUrl);
  const { stdout } = await execa("ps", ["-eo", "pid,args"]);
  const line = stdout.split("\n").find((one) => one.includes("serve_vllm.py") && one.includes(`--port ${port}`));
  if (line === undefined) throw new Error(`no server listens on ${port}`);
  process.kill(Number.parseInt(line, 10), "SIGKILL");
}
