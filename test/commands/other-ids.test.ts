import { copyFile, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { stringify } from "csv-stringify/sync";
import { beforeAll, describe, expect, test } from "vitest";
import { temporaryFolder } from "../helpers/folder.ts";
import { inProcess, type Said } from "../helpers/in-process.ts";
import { startJudge, TEMPLATE, TOKENIZER } from "../helpers/job.ts";

/** The rows under these names; the id of row 3 is b-21 in each of them. */
function rows(names: { readonly id: string; readonly prompt: string }, labelled = true): string {
  const table = Array.from({ length: 30 }, (_, row) => ({
    [names.id]: `b-${7 * row}`,
    [names.prompt]: `What is ${row}?`,
    response_a: "One.",
    response_b: "Two, they say.",
    ...(labelled ? { human: ["A", "B", "tie"][(row * row) % 3] } : {}),
  }));
  return stringify(table, { header: true });
}

let folder = "";

beforeAll(async () => {
  await using judge = await startJudge();
  folder = await temporaryFolder({
    "rows.csv": rows({ id: "battle", prompt: "user question" }, false),
    "same.csv": rows({ id: "battle", prompt: "user question" }),
    "usual.csv": rows({ id: "id", prompt: "prompt" }),
    "known.csv": rows({ id: "Question ID", prompt: "instruction" }),
    "odd.csv": rows({ id: "my key", prompt: "prompt" }),
    "ids.csv": `battle\n${Array.from({ length: 30 }, (_, row) => `b-${7 * row}\n`).join("")}`,
    "labels.csv": rows({ id: "battle", prompt: "" })
      .replaceAll(/,[^,]*,One\.,"Two, they say\.",/g, ",")
      .replace(/^.*\n/, "battle,human\n"),
    "prompts.csv": rows({ id: "id", prompt: "question" })
      .replaceAll(',One.,"Two, they say.",', ",")
      .replace(/^.*\n/, "id,question,human\n"),
    "template.jinja": TEMPLATE,
    "job.yaml": JSON.stringify({
      input: "rows.csv",
      output: "battle.csv",
      run: "run",
      template: "./template.jinja",
      orders: "one",
      columns: { id: "battle", prompt: "user question" },
      engine: { attach: judge.url, tokenizer: TOKENIZER },
    }),
  });
  expect(await inProcess(["run", "job.yaml"], folder)).toMatchObject({ status: 0 });
  const submission = await readFile(join(folder, "battle.csv"), "utf8");
  expect(submission).toMatch(/^battle,winner_model_a/);
  await writeFile(join(folder, "id.csv"), submission.replace(/^battle/, "id"));
  await writeFile(join(folder, "uid.csv"), submission.replace(/^battle/, "UID"));
});

/** Every command that reads rows or labels beside a run or submission, and the subjects that it takes. */
const COMMANDS: readonly (readonly [
  string,
  readonly string[],
  (subject: string, file: string) => readonly string[],
])[] = [
  ["evaluate", ["run", "battle.csv", "id.csv", "uid.csv"], (subject, file) => ["evaluate", subject, "--labels", file]],
  ["evaluate --against", ["id.csv"], (subject, file) => ["evaluate", subject, "--against", "run", "--labels", file]],
  ["calibrate", ["run"], (subject, file) => ["calibrate", subject, "--labels", file, "-o", "c.json", "--force"]],
  ["report", ["run"], (subject, file) => ["report", subject, "--labels", file]],
  [
    "sample",
    ["run", "battle.csv", "uid.csv"],
    (subject, file) => ["sample", subject, "-i", file, "-o", "s.csv", "--force"],
  ],
  ["validate", ["battle.csv", "id.csv"], (subject, file) => ["validate", subject, "-i", file]],
];
const CASES = COMMANDS.flatMap(([name, subjects, of]) => subjects.map((subject) => ({ name, subject, of })));

/** Whether the command got as far as its own work: calibrate may then find that it does not help. */
function isDone({ status, stderr }: Said): boolean {
  return status === 0 || (status === 3 && stderr.includes("no file was written"));
}

describe.each(CASES)("$name $subject with a file of rows", ({ subject, of, name }) => {
  // The grader of rows with another id column finds none in this submission.
  const misses = (file: string): boolean => name === "validate" && subject === "battle.csv" && file !== "same.csv";

  test.each(["same.csv", "usual.csv", "known.csv"])("finds the id under a usual name, or its own: %s", async (file) => {
    if (misses(file) || (file === "same.csv" && !["run", "battle.csv"].includes(subject))) return;
    const said = await inProcess(of(subject, file), folder);
    expect([said.stderr, isDone(said)]).toEqual([said.stderr, true]);
  });

  test.each([
    ["odd.csv", "columns.id=my key", "'columns.id=my key'"],
    ["same.csv", "columns.id=battle", "columns.id=battle"],
  ])("names the flag for an id under a name that says nothing, and the flag works: %s", async (file, set, shown) => {
    if (file === "same.csv" && ["run", "battle.csv"].includes(subject)) return;
    const without = await inProcess(of(subject, file), folder);
    expect(without.status).toBe(3);
    expect(without.stderr).toContain(`--set ${shown}`);
    const said = await inProcess([...of(subject, file), "--set", set], folder);
    expect([said.stderr, isDone(said)]).toEqual([said.stderr, !misses(file)]);
  });
});

const LABELLED = CASES.filter(({ name }) => !["sample", "validate"].includes(name));

describe.each(LABELLED)("$name $subject with labels alone", ({ subject, of, name }) => {
  test.each(["labels.csv", "prompts.csv"])("needs no texts: %s", async (file) => {
    const set = file === "labels.csv" && ["id.csv", "uid.csv"].includes(subject) ? ["--set", "columns.id=battle"] : [];
    const said = await inProcess([...of(subject, file), ...set], folder);
    expect([said.stderr, isDone(said)]).toEqual([said.stderr, true]);
    if (!name.startsWith("evaluate")) return;
    // Only a submission with labels alone leaves open which rows share a prompt.
    const isOpen = subject !== "run" && file === "labels.csv";
    expect(said.stdout.includes("has no prompts, so rows that share one count as independent")).toBe(isOpen);
    // There is no text by which rows could be divided.
    expect(said.stdout).not.toMatch(/^(Turns|Script|Length in characters)\b/m);
    const full = await inProcess([...of(subject, "odd.csv"), "--set", "columns.id=my key"], folder);
    const scores = (text: string): string | undefined => /^as written .*$/m.exec(text)?.[0];
    expect(scores(said.stdout)).toBe(scores(full.stdout));
  });
});

test("a file without answers is no file of rows, and a slip in a name of the labels alone is still said", async () => {
  const run = await inProcess(["run", "job.yaml", "-i", "labels.csv", "--run", "none"], folder);
  expect(run.status).toBe(3);
  const sample = await inProcess(["sample", "run", "-i", "labels.csv", "-o", "none.csv"], folder);
  expect(sample.status).toBe(3);
  expect(sample.stderr).toContain('the column "prompt" is missing');
  const none = await inProcess(["evaluate", "run", "--labels", "ids.csv"], folder);
  expect(none.status).toBe(3);
  expect(none.stderr).toContain("ids.csv has no labels");
});

test("validate needs no column but the ids, and names the id column that the grader would miss", async () => {
  expect(await inProcess(["validate", "battle.csv", "-i", "ids.csv"], folder)).toMatchObject({ status: 0 });
  expect(await inProcess(["validate", "id.csv", "-i", "ids.csv"], folder)).toMatchObject({ status: 3 });
  const named = await inProcess(["validate", "id.csv", "-i", "ids.csv", "--set", "columns.id=battle"], folder);
  expect(named).toMatchObject({ status: 0 });
  const other = await inProcess(["validate", "uid.csv", "-i", "usual.csv"], folder);
  expect(other).toMatchObject({ status: 3 });
  expect(other.stderr).toContain('the ids are in the column "UID", expected id');
});

test("compare on a file with another id column names the flags for it", async () => {
  const compare = ["compare", "job.yaml", "-t", "./template.jinja", "-t", "rules", "-i", "usual.csv", "--run", "c"];
  const said = await inProcess(compare, folder);
  expect(said.status).toBe(3);
  expect(said.stderr).toContain("--set columns.id=id --set columns.prompt=prompt.");
});

test("a run whose ids are row numbers says so when the labels have others, and a sample of it fits", async () => {
  await using judge = await startJudge();
  await copyFile(join(folder, "rows.csv"), join(folder, "plain.csv"));
  const run = ["run", "-i", "plain.csv", "--base-url", judge.url, "--tokenizer", TOKENIZER, "-t", "./template.jinja"];
  const said = await inProcess([...run, "--set", "columns.prompt=user question", "--run", "numbered"], folder);
  expect(said).toMatchObject({ status: 0 });
  expect(said.stderr).toContain(
    'the values of "battle" are all different: if they are ids, add --set columns.id=battle',
  );
  const evaluated = await inProcess(["evaluate", "numbered", "--labels", "usual.csv"], folder);
  expect(evaluated.status).toBe(3);
  expect(evaluated.stderr).toMatch(/The ids of .*numbered are row numbers, counted from 0.*--set columns\.id=NAME/);
  expect(await inProcess(["sample", "numbered", "-o", "numbered.csv"], folder)).toMatchObject({ status: 0 });
  const unlabelled = await inProcess(["evaluate", "numbered", "--labels", "numbered.csv"], folder);
  expect(unlabelled.stderr).toContain("is a sample that nobody has labelled yet");
});
