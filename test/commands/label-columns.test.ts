import { readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { stringify } from "csv-stringify/sync";
import { expect, test } from "vitest";
import { temporaryFolder } from "../helpers/folder.ts";
import { inProcess } from "../helpers/in-process.ts";
import { startJudge, TEMPLATE, TOKENIZER } from "../helpers/job.ts";

const ROWS = Array.from({ length: 24 }, (_, row) => ({
  nr: `r${row}`,
  "user text": `question ${row}`,
  left_text: "yes, it is",
  right_text: "no, never",
  "human says": ["left_text", "right_text", "tie"][row % 3] ?? "",
}));
const TEXTS = ["'columns.prompt=user text'", "columns.response_a=left_text", "columns.response_b=right_text"];
const SET_TEXTS = TEXTS.flatMap((setting) => ["--set", setting.replaceAll("'", "")]);
const columns = { id: "nr", prompt: "user text", response_a: "left_text", response_b: "right_text" };

/** Makes rows.csv under unusual names, also without its labels, and job.yaml, which names the columns of the texts. */
async function makeJob(url: string, more: object = {}): Promise<string> {
  const folder = await temporaryFolder({
    "rows.csv": stringify(ROWS, { header: true }),
    "unlabelled.csv": stringify(
      ROWS.map(({ "human says": _, ...texts }) => texts),
      { header: true },
    ),
    "template.jinja": TEMPLATE,
    "other.jinja": TEMPLATE.replace("A:", "One:"),
  });
  await writeConfig(folder, url, more);
  return folder;
}

async function writeConfig(folder: string, attach: string, more: object): Promise<void> {
  const engine = { attach, tokenizer: TOKENIZER };
  const job = { input: "rows.csv", template: "./template.jinja", run: "run", orders: "one", engine, columns, ...more };
  await writeFile(join(folder, "job.yaml"), JSON.stringify(job));
}

test("init says which columns are probably meant, and writes them and the labels into the config, where evaluate uses them", async () => {
  await using judge = await startJudge();
  const folder = await makeJob(judge.url);
  const refused = await inProcess(["init", "rows.csv"], folder);
  expect(refused.status).toBe(3);
  expect(refused.stderr).toContain("--set columns.id=nr --set 'columns.prompt=user text'.");

  const init = ["init", "rows.csv", ...SET_TEXTS, "--set", "columns.id=nr", "--base-url", judge.url];
  const made = await inProcess(init, folder);
  expect(made).toMatchObject({ status: 0, stderr: "" });
  expect(made.stdout).toContain("labels    A 33 %, B 33 %, tie 33 % (column human says)");
  expect(readFileSync(join(folder, "abtie.yaml"), "utf8")).toContain(
    "columns:\n  id: nr\n  prompt: user text\n  response_a: left_text\n  response_b: right_text\n  label: human says\n",
  );
  const job = ["-t", "./template.jinja", "--tokenizer", TOKENIZER, "--run", "mine"];
  expect(await inProcess(["run", ...job], folder)).toMatchObject({ status: 0 });
  expect((await inProcess(["evaluate", "mine"], folder)).status).toBe(0);
  const wrong = await inProcess(["init", "rows.csv", "--set", "engine.model=x", "-o", "x.yaml"], folder);
  expect(wrong).toMatchObject({ status: 2 });
  expect(wrong.stderr).toContain("engine is not a known key");
});

test("evaluate and compare name the columns that look like labels and the flag that uses one, and the flag works", async () => {
  await using judge = await startJudge();
  const folder = await makeJob(judge.url);
  const twice = ROWS.map((row) => ({ ...row, "Ann says": row["human says"] }));
  await writeFile(join(folder, "rows.csv"), stringify(twice, { header: true }));
  const flag = ["--set", "columns.label=human says"];
  expect(await inProcess(["run", "job.yaml"], folder)).toMatchObject({ status: 0 });
  const without = await inProcess(["evaluate", "run"], folder);
  expect(without.status).toBe(3);
  expect(without.stderr).toContain("has no labels: expected the column winner with A, B or tie");
  const hint = `the column "human says" looks like labels ("left_text", "right_text", "tie") and is not used; to use it, add --set 'columns.label=human says'`;
  expect(without.stderr).toContain(hint);
  for (const command of [["evaluate"], ["calibrate", "-o", "c.json", "--force"], ["report"]]) {
    const { status, stderr } = await inProcess([...command, "run", ...flag], folder);
    expect([command, stderr.includes("no labels"), status === 2]).toEqual([command, false, false]);
  }
  expect(readFileSync(join(folder, "run/report.md"), "utf8")).toContain("Log loss");

  const compare = ["compare", "job.yaml", "-t", "./template.jinja", "-t", "./other.jinja", "--run", "c"];
  const agreement = await inProcess(compare, folder);
  expect(agreement).toMatchObject({ status: 0 });
  expect(agreement.stdout).toContain(`Labels: none, so the variants are compared by their agreement alone; ${hint};`);
  const scored = await inProcess([...compare, ...flag], folder);
  expect(scored).toMatchObject({ status: 0 });
  expect(scored.stdout).toMatch(/Log loss/);
  expect(readFileSync(join(folder, "c/comparison.md"), "utf8")).toMatch(/Labels.*human says/);
});

test("label columns may come and go between two sessions of a run, which others may not", async () => {
  await using judge = await startJudge();
  const folder = await makeJob(judge.url);
  expect(await inProcess(["run", "job.yaml"], folder)).toMatchObject({ status: 0 });
  for (const named of [
    { label: "human says" },
    { votes: "v" },
    { winner_a: "x", winner_b: "y", winner_tie: "z" },
    {},
  ]) {
    await writeConfig(folder, judge.url, { columns: { ...columns, ...named } });
    expect(await inProcess(["run", "job.yaml"], folder)).toMatchObject({ status: 0 });
  }
  await writeConfig(folder, judge.url, { columns: { ...columns, response_b: "user text" } });
  const other = await inProcess(["run", "job.yaml"], folder);
  expect(other).toMatchObject({ status: 2 });
  expect(other.stderr).toContain("holds answers of a run with other settings");
});

test.each([
  [
    { columns: { ...columns, label: "gold", codes: { 1: "a", 2: "b", 0: "tie" } } },
    "column gold with 1 (A), 2 (B) or 0 (tie)",
  ],
  [{ columns: { ...columns, label: "gold" } }, "column gold with A, B or tie"],
  [{ columns: { ...columns, winner_a: "x", winner_b: "y", winner_tie: "z" } }, "columns x, y, z with 1 in one of them"],
  [{ truth: "votes" }, 'column votes with A, B or tie, several votes with "|" between them'],
])(
  "a config that names labels runs on rows without them, with a note, and evaluate says what it expects: %j",
  async (more, expected) => {
    await using judge = await startJudge();
    const folder = await makeJob(judge.url, { input: "unlabelled.csv", ...more });
    const run = await inProcess(["run", "job.yaml"], folder);
    expect(run).toMatchObject({ status: 0 });
    expect(
      run.stderr.match(/unlabelled\.csv: the rows have no labels: the column "(gold|x|votes)" is missing/g),
    ).toHaveLength(1);
    const evaluated = await inProcess(["evaluate", "run"], folder);
    expect(evaluated).toMatchObject({ status: 3 });
    expect(evaluated.stderr).toContain(`expected the ${expected}`);
  },
);
