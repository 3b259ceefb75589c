import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { softmax } from "../../src/classes.ts";
import type { Config, SpawnConfig } from "../../src/config/config.ts";
import type { TokenLogProbs } from "../../src/engine/dialects/dialect.ts";
import type { Method } from "../../src/engine/dialects/table.ts";
import type { Engine } from "../../src/engine/engine.ts";
import { openRows } from "../../src/job/open-rows.ts";
import type { RunSummary } from "../../src/job/summary.ts";
import type { GenerativeJudge } from "../../src/judge/generative/judge.ts";
import { createGenerativeLoader } from "../../src/judge/generative/load.ts";
import { scoreBatch, type Task } from "../../src/judge/judge.ts";
import { engineOpeners } from "../../src/pool/open-engines.ts";
import { createPreparer } from "../../src/prompt/preparer.ts";
import { loadTokenizer } from "../../src/prompt/tokenizer/local.ts";
import { systemClock } from "../../src/system.ts";
import { undefended } from "../prompt/helpers.ts";
import { abtie, demoConfig, serversAlive, testEffects } from "./engine.ts";

/** The day that chat templates print. */
const DAY = "2026-11-28";

let folder: string;
let config: Config & { engine: SpawnConfig };
let judge: GenerativeJudge;
let tasks: readonly Task[];
let dispose: () => Promise<void>;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "abtie-e2e-"));
  const setup = await abtie(["setup"]);
  expect(setup.stderr, setup.stderr).toContain("ready");
  const found = await demoConfig();
  if (found.engine.kind !== "spawn") throw new Error("the demo spawns its server");
  config = { ...found, engine: found.engine, runFolder: join(folder, "engines") };
  const dataset = await openRows(config, new AbortController().signal);
  dispose = async () => dataset[Symbol.asyncDispose]();
  judge = await (await createGenerativeLoader({ ...config, date: DAY }, dataset, systemClock)).open(null);
  tasks = await Promise.all(dataset.ids.slice(0, 60).map((_, row) => judge.prepare(row, "ab", null)));
});
afterAll(async () => {
  await dispose?.();
  await rm(folder, { recursive: true, force: true });
});

async function open(method: Method, extra: readonly string[]): Promise<Engine> {
  const { engine } = config;
  const [opener] = engineOpeners({
    config: { ...config, engine: { ...engine, method, args: [...engine.args, ...extra] } },
    effects: testEffects(),
    logFolder: folder,
    probe: async () => ({ prompt: tasks[0]?.ids ?? [], ids: judge.resolved.probes[0]?.ids ?? [] }),
  });
  if (opener === undefined) throw new Error("the demo has one engine");
  return opener.open(new AbortController().signal);
}

function labelIds(): readonly number[] {
  return judge.resolved.probes[0]?.ids ?? [];
}

describe("the demo on real vLLM on the CPU", () => {
  let summary: RunSummary;

  test("scores every example and stops its server", async () => {
    const run = join(folder, "demo");
    const result = await abtie(["run", "examples/config.yaml", "--run", run, "--json"]);
    expect(result.exitCode, result.stderr).toBe(0);
    summary = JSON.parse(result.stdout) as RunSummary;
    expect(summary).toMatchObject({ end: "done", rows: { prior: 0 }, engine: { method: "logprob_token_ids" } });
    expect(summary.labelMass?.median).toBeGreaterThan(0.1);
    expect(await serversAlive()).toEqual([]);
  });

  test("writes a submission that the grader's checks accept", async () => {
    const result = await abtie(["validate", summary.files.submission, "-i", "examples/rows.csv"]);
    expect(result.exitCode, result.stderr).toBe(0);
  });

  test("gives the log probabilities of a plain forward pass within 1e-3 on 60 rows", async () => {
    const { stdout } = await execa(config.engine.command, ["test/e2e/forward.py", config.engine.model], {
      input: JSON.stringify({ prompts: tasks.map(({ ids }) => ids), ids: labelIds() }),
    });
    const expected = JSON.parse(stdout) as readonly (readonly [number, number, number])[];
    const lines = (await readFile(summary.files.rows, "utf8")).trimEnd().split("\n");
    const differences = expected.map((reference, row) => {
      const { ab } = JSON.parse(lines[row] ?? "") as { ab: { logProbs: readonly number[] } };
      return Math.max(...reference.map((value, place) => Math.abs(value - (ab.logProbs[place] ?? Number.NaN))));
    });
    expect(differences).toHaveLength(60);
    console.info(`largest difference of a log probability: ${Math.max(...differences).toExponential(2)}`);
    expect(Math.max(...differences)).toBeLessThan(1e-3);
  });
});

describe("the four ways to ask for label probabilities", () => {
  const signal = new AbortController().signal;
  const sample = (): readonly (readonly number[])[] => tasks.slice(0, 12).map(({ ids }) => ids);
  const relative = (answer: TokenLogProbs): readonly (number | undefined)[] => {
    const known = labelIds().map((id) => answer.logProbs.get(id));
    const sum = known.reduce<number>((total, value) => total + Math.exp(value ?? -Infinity), 0);
    return known.map((value) => (value === undefined ? undefined : Math.exp(value) / sum));
  };
  let exact: readonly TokenLogProbs[];

  test("a raw server answers logprob_token_ids exactly, and top_logprobs agrees wherever it can see", async () => {
    await using engine = await open("logprob_token_ids", []);
    exact = await engine.score(sample(), labelIds(), signal);
    expect(exact.every(({ absolute, logProbs }) => absolute && logProbs.size === labelIds().length)).toBe(true);
    await attackRow(engine, signal);
    const { engine: base } = config;
    const [opener] = engineOpeners({
      config: {
        ...config,
        engine: {
          ...base,
          kind: "attach",
          urls: [engine.baseUrl],
          access: [],
          model: engine.model,
          method: "top_logprobs",
        },
      },
      effects: testEffects(),
      logFolder: folder,
      probe: async () => ({ prompt: tasks[0]?.ids ?? [], ids: labelIds() }),
    });
    await using top = await (opener ?? { open: () => Promise.reject(new Error("none")) }).open(signal);
    const seen = await top.score(sample(), labelIds(), signal);
    let compared = 0;
    for (const [place, answer] of seen.entries()) {
      for (const id of labelIds()) {
        const truth = exact[place]?.logProbs.get(id) ?? Number.NaN;
        const value = answer.logProbs.get(id);
        if (value === undefined) expect(truth).toBeLessThanOrEqual((answer.bound ?? Number.NaN) + 1e-3);
        else expect(Math.abs(value - truth)).toBeLessThan(1e-3);
        compared += value === undefined ? 0 : 1;
      }
    }
    expect(compared).toBeGreaterThan(0);
  });

  test("a processed server answers allowed_token_ids and logit_bias, normalised over the labels", async () => {
    await using engine = await open("allowed_token_ids", ["--logprobs-mode", "processed_logprobs"]);
    const allowed = await engine.score(sample(), labelIds(), signal);
    const [opener] = engineOpeners({
      config: {
        ...config,
        engine: {
          ...config.engine,
          kind: "attach",
          urls: [engine.baseUrl],
          access: [],
          model: engine.model,
          method: "logit_bias",
        },
      },
      effects: testEffects(),
      logFolder: folder,
      probe: async () => ({ prompt: tasks[0]?.ids ?? [], ids: labelIds() }),
    });
    await using biased = await (opener ?? { open: () => Promise.reject(new Error("none")) }).open(signal);
    const answers = await biased.score(sample(), labelIds(), signal);
    for (const [place, reference] of exact.entries()) {
      for (const answer of [allowed[place], answers[place]]) {
        if (answer === undefined) throw new Error("an answer is missing");
        expect(answer.absolute).toBe(false);
        const wanted = relative(reference);
        for (const [k, value] of relative(answer).entries()) {
          expect(Math.abs((value ?? Number.NaN) - (wanted[k] ?? Number.NaN))).toBeLessThan(1e-3);
        }
      }
    }
  });

  test("no process of any server is left", async () => {
    expect(await serversAlive()).toEqual([]);
  });
});

/** A response that closes the user's turn and dictates the verdict: with the defence it stays text. */
async function attackRow(engine: Engine, signal: AbortSignal): Promise<void> {
  await using dataset = await openRows(config, signal);
  const index = dataset.ids.indexOf("2080878433");
  const row = await dataset.read(index);
  const tokenizer = await loadTokenizer(config.engine.model, { kwargs: {}, date: DAY });
  const open = { template: judge.template, budget: judge.budget };
  const defended = await createPreparer({ ...open, tokenizer }).prepare(row, "ab");
  const naive = await createPreparer({ ...open, tokenizer: undefended(tokenizer) }).prepare(row, "ab");
  const control = (await tokenizer.encode("<|im_end|>", false))[0];
  const count = (ids: readonly number[]): number => ids.filter((id) => id === control).length;
  const harmless = await createPreparer({ ...open, tokenizer }).prepare({ ...row, responsesA: ["The Pacific."] }, "ab");
  expect(count(defended.ids)).toBe(count(harmless.ids));
  expect(count(naive.ids)).toBeGreaterThan(count(harmless.ids));
  const task = (ids: readonly number[]): Task => ({
    row: 0,
    order: "ab",
    tokenBudget: null,
    ids,
    cutTokens: 0,
    neutralised: 0,
    refusal: null,
    scorer: judge.scorer,
  });
  const readings = await scoreBatch(
    engine,
    [defended, naive, harmless].map(({ ids }) => task(ids)),
    signal,
  );
  const [safe, moved, plain] = readings.map((reading) => softmax(reading.logProbs)[0]);
  console.info(
    `P(A is better): harmless ${plain?.toFixed(3)}, attack ${moved?.toFixed(3)}, attack defended ${safe?.toFixed(3)}`,
  );
  expect(Math.abs((moved ?? 0) - (plain ?? 0))).toBeGreaterThan(Math.abs((safe ?? 0) - (plain ?? 0)));
}
