import { readFileSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { inProcess } from "../helpers/in-process.ts";
import { attachTo, startJudge, TOKENIZER, writeJob } from "../helpers/job.ts";
import { compareTemplates, OTHER_TEMPLATE, readTable, writeLabelledJob } from "./compared.ts";

const NOWHERE = { attach: "http://127.0.0.1:9/v1", tokenizer: TOKENIZER };

test("asks for the labels that early stopping needs, and names the columns, before it connects to a server", async () => {
  const job = await writeJob({ engine: NOWHERE, rows: 5 });
  await writeFile(join(job.folder, "other.jinja"), OTHER_TEMPLATE);
  const { status, stderr } = await compareTemplates(job, "--early-stop");
  expect(status).toBe(3);
  expect(stderr).toContain("rows.csv has no labels");
  expect(stderr).toContain("winner_model_a, winner_model_b, winner_tie");
  expect(stderr).toContain("--truth votes");
  expect(stderr).toContain("leave out --early-stop");
});

test("needs two variants with different names", async () => {
  const job = await writeJob({ engine: NOWHERE, rows: 5 });
  await mkdir(join(job.folder, "more"));
  await writeFile(join(job.folder, "more/template.jinja"), OTHER_TEMPLATE);
  const none = await inProcess(["compare", "job.yaml"], job.folder);
  expect(none.status).toBe(2);
  expect(none.stderr).toContain("needs two variants or more, but there is none");
  const one = await inProcess(["compare", "job.yaml", "-t", "rules"], job.folder);
  expect(one.status).toBe(2);
  expect(one.stderr).toContain('only "rules"');
  const twice = await inProcess(
    ["compare", "job.yaml", "-t", "./template.jinja", "-t", "more/template.jinja"],
    job.folder,
  );
  expect(twice.status).toBe(2);
  expect(twice.stderr).toContain('two templates are called "template"');
});

test.each([
  ["a variant with rows of its own", "{a: {input: x.csv}, b: {}}", "variants.a.input is not a known key"],
  ["a key with a typing mistake", "{a: {templat: x}, b: {}}", 'did you mean "template"'],
  ["a name that is no folder", '{"a/b": {}, b: {}}', "expected a name that a folder can have"],
])("refuses %s and names its line and column", async (_, variants, message) => {
  const job = await writeJob({ engine: NOWHERE, rows: 5 });
  const path = join(job.folder, "job.yaml");
  await writeFile(path, `${readFileSync(path, "utf8")}variants: ${variants}\n`);
  const { status, stderr } = await inProcess(["compare", "job.yaml"], job.folder);
  expect(status).toBe(2);
  expect(stderr).toContain(message);
  expect(stderr).toMatch(/job\.yaml:\d+:\d+/);
});

test("refuses a label column as the text of a response", async () => {
  const config = { columns: { winner_a: "response_b" }, variants: { a: {}, b: { orders: "both" } } };
  const job = await writeJob({ engine: NOWHERE, rows: 5, config });
  const { status, stderr } = await inProcess(["compare", "job.yaml"], job.folder);
  expect(status).toBe(2);
  expect(stderr).toContain('the column "response_b" is both a label and the text of columns.response_b');
});

test("refuses a deadline that is no duration, and a margin above 1", async () => {
  const job = await writeJob({ engine: NOWHERE, rows: 5 });
  expect(await compareTemplates(job, "--deadline", "18:30")).toMatchObject({ status: 2 });
  expect(await compareTemplates(job, "--margin", "2")).toMatchObject({ status: 2 });
});

test("stops for labels that the model gives almost no probability, and with --force only warns of them", async () => {
  await using judge = await startJudge();
  const odd = { labels: { a: " answer", b: " better", tie: " more" } };
  const job = await writeLabelledJob({ engine: attachTo(judge), rows: 24, config: { variants: { plain: {}, odd } } });
  const stopped = await inProcess(["compare", "job.yaml"], job.folder);
  expect(stopped.status).toBe(4);
  expect(stopped.stderr).toMatch(/odd: The median label mass of 24 rows is \d.*below 0\.01.*side effect/);
  expect(stopped.stderr).toMatch(/The prompt of row \d+ ends with: ".*Answer:"/);
  expect(stopped.stderr).not.toContain("plain: The median label mass");
  const { status, stderr } = await inProcess(["compare", "job.yaml", "--force"], job.folder);
  expect(status).toBe(0);
  expect(stderr).toMatch(/odd: the median label mass is \d.*side effect/);
  expect(stderr).not.toContain("plain: the median label mass");
});

test("warns of a variant whose context is too small for many rows", async () => {
  await using judge = await startJudge();
  const config = { variants: { whole: {}, cut: { context: 80 } } };
  const job = await writeLabelledJob({ engine: attachTo(judge), rows: 24, config, words: () => 40 });
  const { status, stderr } = await inProcess(["compare", "job.yaml"], job.folder);
  expect(status).toBe(0);
  expect(stderr).toMatch(/cut: \d+ % of the rows were shortened to fit its context/);
  expect(stderr).not.toContain("whole:");
});

test("runs variants with different engines one after the other, and warns that the models differ", async () => {
  await using small = await startJudge({ modelName: "small" });
  await using large = await startJudge({ modelName: "large", seed: 2 });
  const engine = { ...attachTo(large), model: "large" };
  const config = { variants: { small: { engine: { model: "small" } }, large: { engine } } };
  const job = await writeLabelledJob({ engine: attachTo(small), rows: 24, config });
  const { status, stderr } = await inProcess(["compare", "job.yaml"], job.folder);
  expect(status).toBe(0);
  expect(stderr).toContain("judged by different models: small by small, large by large");
  expect(stderr).toContain("different engines, one after the other");
  expect(large.stats.prompts).toBeGreaterThanOrEqual(24 + 20);
});

test("warns that the models differ when only the servers name them", async () => {
  await using small = await startJudge({ modelName: "small" });
  await using large = await startJudge({ modelName: "large", seed: 2 });
  const config = { variants: { here: {}, there: { engine: attachTo(large) } } };
  const job = await writeLabelledJob({ engine: attachTo(small), rows: 24, config });
  const { status, stderr } = await inProcess(["compare", "job.yaml"], job.folder);
  expect(status).toBe(0);
  expect(stderr).toContain("judged by different models: here by small, there by large");
});

test("leaves out rows that one variant cannot be scored on, warns of them, and exits with 5", async () => {
  await using judge = await startJudge();
  const one = { concurrency: 4, prompts_per_request: 1 };
  const job = await writeLabelledJob({ engine: attachTo(judge), rows: 30, config: { ...one, attempts: 1 } });
  // The first 12 requests come from the start of the engine.
  judge.change({ faults: [{ kind: "http500", rate: 0.5, times: 12, after: judge.stats.requests + 12 }] });
  const { status, stdout, stderr } = await compareTemplates(job);
  expect(status).toBe(5);
  expect(stderr).toMatch(/left out of the comparison: (template|other) could not be scored on them/);
  expect(Number(/^(\d+) rows/.exec(stdout)?.[1])).toBeLessThan(30);
});

test("warns of a template whose examples are among the compared rows", async () => {
  await using judge = await startJudge();
  const job = await writeLabelledJob({ engine: attachTo(judge), rows: 24, words: () => 20 });
  const [row] = readTable(join(job.folder, "rows.csv"));
  const shown = JSON.parse(row?.["response_a"] ?? "[]")[0] ?? "";
  expect(shown.length).toBeGreaterThan(40);
  const path = join(job.folder, "other.jinja");
  await writeFile(path, OTHER_TEMPLATE.replace("{{ prompt }}", `Example: ${shown}\nBetter: A\n{{ prompt }}`));
  const { status, stderr } = await compareTemplates(job);
  expect(status).toBe(0);
  expect(stderr).toContain("The text of 1 row was found in the template of other");
  expect(stderr).not.toContain("the template of template");
});

test("warns when a variant applies a calibration that was fitted to these very rows", async () => {
  await using judge = await startJudge();
  const job = await writeLabelledJob({ engine: attachTo(judge), rows: 60 });
  await compareTemplates(job);
  const fitted = await inProcess(["calibrate", "run/other", "-o", "fitted.json"], job.folder);
  expect({ ...fitted, stdout: "" }).toMatchObject({ status: 0 });
  const path = join(job.folder, "job.yaml");
  const variants = { plain: {}, fitted: { template: "./other.jinja", calibration: "fitted.json" } };
  await writeFile(path, `${readFileSync(path, "utf8")}variants: ${JSON.stringify(variants)}\n`);
  const { status, stderr } = await inProcess(["compare", "job.yaml", "--run", "second"], job.folder);
  expect(status).toBe(0);
  expect(stderr).toContain("fitted applies a calibration that was fitted to this very file");
});

test("refuses a variant of one order whose folder holds both, and a margin without early stopping", async () => {
  await using judge = await startJudge();
  const job = await writeLabelledJob({ engine: attachTo(judge), rows: 24, config: { orders: "both" } });
  expect((await compareTemplates(job)).status).toBe(0);
  const path = join(job.folder, "job.yaml");
  await writeFile(path, readFileSync(path, "utf8").replace("orders: both", "orders: one"));
  // Results written with these bounds would differ in every line.
  await writeFile(path, `${readFileSync(path, "utf8")}clip: [0.3, 0.4]\n`);
  const written = (): unknown =>
    ["submission.csv", "rows.jsonl", "journal.jsonl"].map((file) =>
      readFileSync(join(job.folder, "run/template", file), "utf8"),
    );
  const before = written();
  const { status, stderr } = await compareTemplates(job);
  expect(status).toBe(2);
  expect(stderr).toContain('holds rows in both orders, but "template" asks for one');
  expect(written()).toEqual(before);
  expect((await compareTemplates(job, "--margin", "0.01")).stderr).toContain("give --early-stop too");
});
