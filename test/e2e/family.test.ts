import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Config, SpawnConfig } from "../../src/config/config.ts";
import type { Engine } from "../../src/engine/engine.ts";
import { openRows } from "../../src/job/open-rows.ts";
import { pinDate } from "../../src/job/pin-date.ts";
import type { RunSummary } from "../../src/job/summary.ts";
import type { GenerativeJudge } from "../../src/judge/generative/judge.ts";
import { createGenerativeLoader } from "../../src/judge/generative/load.ts";
import type { Task } from "../../src/judge/judge.ts";
import { engineOpeners } from "../../src/pool/open-engines.ts";
import { abtie, demoConfig, serversAlive, testEffects } from "./engine.ts";

/** Qwen3 with random weights, SmolLM2's tokenizer, and a chat template whose finished messages get an empty think block. */
const ARCHITECTURE = "qwen3";
const CHAT_TEMPLATE = "test/fixtures/chat-templates/hybrid-thinking.jinja";
const ROWS = 24;

let folder: string;
let model: string;
let python: string;
let judge: GenerativeJudge;
let tasks: readonly Task[];
let engine: Engine | null = null;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "abtie-e2e-"));
  model = join(folder, "model");
  const setup = await abtie(["setup"]);
  expect(setup.stderr, setup.stderr).toContain("ready");
  const found = await demoConfig();
  if (found.engine.kind !== "spawn") throw new Error("the demo spawns its server");
  python = found.engine.command;
  await execa(python, ["test/e2e/tiny_model.py", ARCHITECTURE, found.engine.model, model, "--template", CHAT_TEMPLATE]);
  engine = await start({ ...found, runFolder: folder }, found.engine);
});
afterAll(async () => {
  await engine?.[Symbol.asyncDispose]();
  expect(await serversAlive()).toEqual([]);
  await rm(folder, { recursive: true, force: true });
});

test("another architecture gives the log probabilities of a plain forward pass within 1e-3, whoever tokenises", async () => {
  const { stdout } = await execa(python, ["test/e2e/forward.py", model], {
    input: JSON.stringify({ prompts: tasks.map(({ ids }) => ids), ids: judge.resolved.probes[0]?.ids ?? [] }),
  });
  const expected = JSON.parse(stdout) as readonly (readonly number[])[];
  for (const tokenizer of [model, false] as const) {
    const found = await run(tokenizer === false ? "server" : "folder", tokenizer);
    const differences = expected.flatMap((row, at) =>
      row.map((value, label) => Math.abs(value - (found[at]?.[label] ?? Number.NaN))),
    );
    expect(differences).toHaveLength(3 * ROWS);
    console.info(`largest difference, tokenizer ${tokenizer}: ${Math.max(...differences).toExponential(1)}`);
    expect(Math.max(...differences)).toBeLessThan(1e-3);
  }
});

test("the prompts end behind the empty think block of the template", async () => {
  const { end, variables } = await judge.inspect(0, "ab");
  expect(end).toMatch(/<\|im_start\|>assistant\n<think>\n\n<\/think>\n\nVerdict:$/);
  expect(variables).toContainEqual({ name: "enable_thinking", value: false, changesPrompt: true });
});

async function start(found: Config, spawn: SpawnConfig): Promise<Engine> {
  const args = spawn.args.map((argument) => (argument === spawn.model ? model : argument));
  const effects = testEffects();
  const given: Config = { ...found, engine: { ...spawn, args, model, tokenizer: model } };
  const config = await pinDate(given, [], effects);
  const dataset = await openRows(config, effects.signal);
  judge = await (await createGenerativeLoader(config, dataset, effects.clock)).open(null);
  tasks = await Promise.all(dataset.ids.slice(0, ROWS).map((_, row) => judge.prepare(row, "ab", null)));
  const probe = async () => ({ prompt: tasks[0]?.ids ?? [], ids: judge.resolved.probes[0]?.ids ?? [] });
  const [opener] = engineOpeners({ config, effects, logFolder: folder, probe });
  if (opener === undefined) throw new Error("the config has one engine");
  return opener.open(effects.signal);
}

/** Runs the rows on the server; gives the log probabilities in rows.jsonl. A random model needs --force. */
async function run(name: string, tokenizer: string | false): Promise<readonly (readonly number[])[]> {
  const job = {
    input: (await demoConfig()).input,
    template: "rules",
    run: join(folder, name),
    limit: ROWS,
    orders: "one",
    engine: { attach: engine?.baseUrl, model: engine?.model, tokenizer },
  };
  const path = join(folder, `${name}.yaml`);
  await writeFile(path, JSON.stringify(job));
  const result = await abtie(["run", path, "--json", "--force"]);
  expect(result.exitCode, result.stderr).toBe(0);
  const summary = JSON.parse(result.stdout) as RunSummary;
  const lines = (await readFile(summary.files.rows, "utf8")).trimEnd().split("\n");
  return lines.map((line) => JSON.parse(line).ab.logProbs as readonly number[]);
}
