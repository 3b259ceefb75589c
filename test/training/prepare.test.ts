import { cp, mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { describe, expect, onTestFinished, test } from "vitest";
import { type FakeKnobs, startFake } from "../fixtures/engine/fake-vllm.mjs";
import { temporaryFolder } from "../helpers/folder.ts";
import { inProcess } from "../helpers/in-process.ts";
import { LABELS, TEMPLATE, TOKENIZER } from "../helpers/job.ts";
import { sendJson, serve } from "../helpers/loopback.ts";

const TEXT_TEMPLATE = `---
description: The turns of a row.
format: text
null_turn: none
---
{{ prompt }}
A: {{ response_a }}
B: {{ response_b }}
`;

interface Line {
  readonly id: string;
  readonly row: number;
  readonly order: "ab" | "ba";
  readonly fold: number;
  readonly group: number;
  readonly ids: readonly number[];
  readonly target: readonly number[];
  readonly weight: number;
  readonly cut: number;
}

const WORDS = "the answer is better because it says what was asked and nothing more than a reader would want".split(
  " ",
);
const text = (words: number, seed: number): string =>
  Array.from({ length: words }, (_, at) => WORDS[(at * 7 + seed) % WORDS.length]).join(" ");

/** Twelve rows of six prompts; the last two rows are longer than the context of the jobs. */
function rowsOf(labels: (row: number) => string = (row) => ["1,0,0", "0,1,0", "0,0,1"][row % 3] ?? ""): string {
  const rows = Array.from({ length: 12 }, (_, row) => {
    const words = row >= 10 ? 400 : 8;
    return `${100 + row},${text(5, row % 6)},${text(words, row)},${text(words + 3, row + 1)},${labels(row)}`;
  });
  return ["id,prompt,response_a,response_b,winner_model_a,winner_model_b,winner_tie", ...rows].join("\n");
}

/** A job of these rows in a folder of its own. */
async function trainingJob(config: string, template = TEMPLATE, rows = rowsOf()): Promise<string> {
  return temporaryFolder({
    "rows.csv": rows,
    "template.jinja": template,
    "job.yaml": `input: rows.csv\ntemplate: ./template.jinja\ncontext: 120\n${config}`,
  });
}

async function examplesIn(folder: string): Promise<readonly Line[]> {
  const lines = (await readFile(join(folder, "examples.jsonl"), "utf8")).trimEnd().split("\n");
  return lines.map((line) => JSON.parse(line) as Line);
}

/** Starts a fake server behind a gateway that keeps the token ids of every prompt that is scored. */
async function startRecorder(knobs: FakeKnobs) {
  const fake = await startFake({ modelDir: TOKENIZER, ...knobs });
  const prompts = new Set<string>();
  const gateway = await serve(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks).toString("utf8");
    if (["/v1/completions", "/classify"].includes(request.url ?? "")) {
      const { prompt, input } = JSON.parse(body) as { prompt?: unknown; input?: unknown };
      for (const ids of (prompt ?? input) as readonly unknown[]) prompts.add(JSON.stringify(ids));
    }
    const answer = await fetch(`${fake.url}${request.url}`, {
      method: request.method ?? "GET",
      headers: { "content-type": "application/json" },
      ...(body === "" ? {} : { body }),
    });
    const type = answer.headers.get("content-type") ?? "";
    if (type.includes("json")) sendJson(response, await answer.json(), answer.status);
    else response.writeHead(answer.status).end(await answer.text());
  });
  return { url: gateway.url, prompts, [Symbol.asyncDispose]: () => fake.close() };
}

async function classifierFolder(more: Readonly<Record<string, unknown>> = {}): Promise<string> {
  const folder = await temporaryFolder({});
  await cp(TOKENIZER, folder, { recursive: true });
  await writeFile(join(folder, "config.json"), JSON.stringify({ architectures: ["LlamaForCausalLM"], ...more }));
  return folder;
}

describe("the prompts of prepare", () => {
  test("are those that run sends to a model that generates text, in both orders, also of rows that are cut", async () => {
    await using server = await startRecorder({ labels: LABELS });
    const folder = await trainingJob(`engine: {attach: "${server.url}", tokenizer: ${TOKENIZER}}\norders: both\n`);
    const prepared = await inProcess(["prepare", "job.yaml", "-o", "data", "--json"], folder);
    expect(prepared.status, prepared.stderr).toBe(0);
    expect(server.prompts.size).toBe(0);
    const run = await inProcess(["run", "job.yaml"], folder);
    expect(run.status, run.stderr).toBe(0);
    const examples = await examplesIn(join(folder, "data"));
    expect(examples.map(({ order }) => order)).toEqual(Array.from({ length: 12 }, () => ["ab", "ba"]).flat());
    expect(examples.filter(({ cut }) => cut > 0).map(({ id }) => id)).toEqual(["110", "110", "111", "111"]);
    expect(examples.filter(({ ids }) => !server.prompts.has(JSON.stringify(ids)))).toEqual([]);
    const data = JSON.parse(await readFile(join(folder, "data/data.json"), "utf8"));
    expect(data).toMatchObject({
      format: 1,
      head: "label",
      classes: ["a", "b", "tie"],
      labels: { a: [LABELS[0]], b: [LABELS[1]], tie: [LABELS[2]] },
      dropTail: 0,
      rows: 12,
      examples: 24,
      cut: 4,
      dropped: {},
    });
    expect(data.prior).toEqual([1 / 3, 1 / 3, 1 / 3]);
    expect(data.priorLogLoss).toBeCloseTo(Math.log(3), 12);
  });

  test("are those that run sends to the trained classifier, with the end token inside the budget", async () => {
    await using server = await startRecorder({ classes: ["A", "B", "tie"] });
    const base = await classifierFolder({ pad_token_id: 1 });
    // The tokenizer names no padding token, so the config of the model does.
    const settings = JSON.parse(await readFile(join(TOKENIZER, "tokenizer_config.json"), "utf8"));
    const { pad_token: _pad, ...without } = settings;
    await writeFile(join(base, "tokenizer_config.json"), JSON.stringify(without));
    const merged = await classifierFolder({
      pad_token_id: 1,
      id2label: { 0: "A", 1: "B", 2: "tie" },
      architectures: ["LlamaForSequenceClassification"],
    });
    await writeFile(join(merged, "tokenizer_config.json"), JSON.stringify(without));
    const folder = await trainingJob(
      `engine: {kind: classify, model: ${base}}\norders: both\nappend_eos: true\n`,
      TEXT_TEMPLATE,
    );
    const prepared = await inProcess(["prepare", "job.yaml", "-o", "data"], folder);
    expect(prepared.status, prepared.stderr).toBe(0);
    const engine = `{kind: classify, attach: "${server.url}", tokenizer: ${merged}}`;
    const job = await readFile(join(folder, "job.yaml"), "utf8");
    await writeFile(join(folder, "run.yaml"), job.replace(/engine: .*/, `engine: ${engine}`));
    const run = await inProcess(["run", "run.yaml"], folder);
    expect(run.status, run.stderr).toBe(0);
    const examples = await examplesIn(join(folder, "data"));
    expect(examples.filter(({ ids }) => !server.prompts.has(JSON.stringify(ids)))).toEqual([]);
    const data = JSON.parse(await readFile(join(folder, "data/data.json"), "utf8"));
    expect(data).toMatchObject({ head: "classifier", labels: null, pad: 1, budget: 120, examples: 24 });
    expect(examples.every(({ ids }) => ids.at(-1) === data.eos && ids.length <= 120)).toBe(true);
    expect(examples.some(({ cut, ids }) => cut > 0 && ids.length > 100)).toBe(true);
  });
});

test("prepare refuses an end token that is the padding token, and labels of several tokens, before it writes", async () => {
  const folder = await trainingJob(`engine: {kind: classify, model: ${TOKENIZER}}\nappend_eos: true\n`, TEXT_TEMPLATE);
  const ending = await inProcess(["prepare", "job.yaml", "-o", "data"], folder);
  expect(ending).toMatchObject({ status: 2, stderr: expect.stringContaining("the model's padding token is the same") });
  const long = await trainingJob(
    `engine: {attach: "http://127.0.0.1:1", tokenizer: ${TOKENIZER}}\nlabels: {a: " the first one", b: " B", tie: " tie"}\n`,
  );
  const several = await inProcess(["prepare", "job.yaml", "-o", "data"], long);
  expect(several).toMatchObject({ status: 2, stderr: expect.stringContaining("choose labels of one token each") });
  expect(await readdir(long)).not.toContain("data");
  expect((await readdir(long)).filter((name) => name.includes("partial"))).toEqual([]);
});

test("the targets of the swapped order are swapped, votes are shares, and one order makes half as many examples", async () => {
  const engine = `engine: {attach: "http://127.0.0.1:1", tokenizer: ${TOKENIZER}}\n`;
  const votes = rowsOf(() => "A|A|B|tie").replace("winner_model_a,winner_model_b,winner_tie", "votes");
  const folder = await trainingJob(`${engine}truth: votes\n`, TEMPLATE, votes);
  const both = await inProcess(["prepare", "job.yaml", "-o", "data"], folder);
  expect(both.status, both.stderr).toBe(0);
  const [ab, ba] = await examplesIn(join(folder, "data"));
  expect([ab?.target, ba?.target]).toEqual([
    [0.5, 0.25, 0.25],
    [0.25, 0.5, 0.25],
  ]);
  expect([ab?.order, ba?.order, ab?.id, ba?.id]).toEqual(["ab", "ba", "100", "100"]);
  const one = await inProcess(
    ["prepare", "job.yaml", "-o", "one", "--orders", "one", "--folds", "3", "--held-out", "1"],
    folder,
  );
  expect(one.stdout).toContain("examples   12 of 12 rows");
  expect(one.stdout).toMatch(/folds +3 by prompt, balanced by class; fold 1 is held out, 4 rows/);
  const again = await inProcess(["prepare", "job.yaml", "-o", "one"], folder);
  expect(again).toMatchObject({
    status: 2,
    stderr: expect.stringContaining("exists already: name a new folder with -o"),
  });
});

test("rows of one prompt stay in one fold, and folds by position warn of prompts on both sides", async () => {
  const folder = await trainingJob(`engine: {attach: "http://127.0.0.1:1", tokenizer: ${TOKENIZER}}\n`);
  await inProcess(["prepare", "job.yaml", "-o", "data", "--folds", "3"], folder);
  const examples = await examplesIn(join(folder, "data"));
  const folds = new Map<number, Set<number>>();
  for (const { group, fold } of examples) folds.set(group, (folds.get(group) ?? new Set()).add(fold));
  expect([...folds.values()].map(({ size }) => size)).toEqual([1, 1, 1, 1, 1, 1]);
  const held = (await readFile(join(folder, "data/held_out_rows.jsonl"), "utf8")).trimEnd().split("\n");
  const heldIds = new Set(held.map((line) => (JSON.parse(line) as { id: string }).id));
  expect(heldIds).toEqual(new Set(examples.filter(({ fold }) => fold === 0).map(({ id }) => id)));

  const position = await inProcess(
    ["prepare", "job.yaml", "-o", "position", "--folds-by", "position", "--folds", "5"],
    folder,
  );
  expect(position.stderr).toContain("3 prompts stand in rows that are trained on and in rows that are held out");
  expect((await examplesIn(join(folder, "position"))).map(({ row, fold }) => fold === row % 5)).not.toContain(false);
});

test("rows of further files are appended unless an earlier file has their prompt, and every row that is left out is counted", async () => {
  const folder = await trainingJob(
    `engine: {attach: "http://127.0.0.1:1", tokenizer: ${TOKENIZER}}\nlabels: {a: " A", b: " B"}\n`,
  );
  // Of the second file, the first row has a known prompt; the other two share a new one, and an id with the first file.
  await writeFile(
    join(folder, "more.csv"),
    [
      "id,prompt,response_a,response_b,winner",
      `1,${text(5, 3)},x,y,model_a`,
      "100,a new prompt,x,y,model_b",
      "2,a new prompt,x,z,tie",
    ].join("\n"),
  );
  const said = await inProcess(["prepare", "job.yaml", "-o", "data", "--extra", "more.csv", "--json"], folder);
  expect(said.status, said.stderr).toBe(0);
  expect(JSON.parse(said.stdout)).toMatchObject({
    rows: 9,
    dropped: { "its prompt is in an earlier file": 1, "its label is a tie, which the judge does not know": 5 },
    classes: ["a", "b"],
  });
  expect((await examplesIn(join(folder, "data"))).at(-1)).toMatchObject({
    id: "100@2",
    row: 12,
    order: "ba",
    target: [1, 0],
  });
});

test("the probabilities of a run are learned with --teacher, and rows that it has not answered are left out", async () => {
  await using server = await startRecorder({ labels: LABELS });
  const folder = await trainingJob(
    `engine: {attach: "${server.url}", tokenizer: ${TOKENIZER}}\norders: one\n`,
    TEMPLATE,
    rowsOf()
      .split("\n")
      .map((line) => line.split(",").slice(0, 4).join(","))
      .join("\n"),
  );
  const unlabelled = await inProcess(["prepare", "job.yaml", "-o", "data"], folder);
  expect(unlabelled).toMatchObject({ status: 3, stderr: expect.stringContaining("has no labels to train on") });
  await inProcess(["run", "job.yaml", "--limit", "8", "--run", "teacher"], folder);
  const said = await inProcess(["prepare", "job.yaml", "-o", "data", "--teacher", "teacher"], folder);
  expect(said.status, said.stderr).toBe(0);
  expect(said.stdout).toContain("left out   4 rows: the teacher has no answer");
  const answers = (await readFile(join(folder, "teacher/rows.jsonl"), "utf8")).trimEnd().split("\n");
  const probabilities = answers.map((line) => (JSON.parse(line) as { probabilities: readonly number[] }).probabilities);
  expect((await examplesIn(join(folder, "data"))).map(({ target }) => target)).toEqual(probabilities);
});

test("a full disk ends prepare with status 3 and a remedy, and leaves no folder", async (context) => {
  const folder = await trainingJob(`engine: {attach: "http://127.0.0.1:1", tokenizer: ${TOKENIZER}}\n`);
  const small = join(folder, "small");
  await mkdir(small);
  const mount = await execa("mount", ["-t", "tmpfs", "-o", "size=16k", "tmpfs", small], { reject: false });
  if (mount.failed) return context.skip("needs the right to mount a small tmpfs");
  onTestFinished(async () => {
    await execa("umount", [small], { reject: false });
  });
  const said = await inProcess(["prepare", "job.yaml", "-o", "small/data"], folder);
  expect(said).toMatchObject({ status: 3, stderr: expect.stringContaining("the disk is full; free some space") });
  expect(await readdir(small)).toEqual([]);
});

test("a prepare that is killed leaves nothing that is used, and the next one makes the folder", async () => {
  const folder = await trainingJob(`engine: {attach: "http://127.0.0.1:1", tokenizer: ${TOKENIZER}}\n`);
  // As a kill leaves it: the hidden folder with half of a file.
  await mkdir(join(folder, ".data.partial"));
  await writeFile(join(folder, ".data.partial/examples.jsonl"), '{"id": "half');
  const said = await inProcess(["prepare", "job.yaml", "-o", "data"], folder);
  expect(said.status, said.stderr).toBe(0);
  expect(await examplesIn(join(folder, "data"))).toHaveLength(24);
  expect((await readdir(folder)).filter((name) => name.startsWith("."))).toEqual([]);
});
