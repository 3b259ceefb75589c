import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { expect, onTestFinished, test, vi } from "vitest";
import type * as Source from "../src/index.ts";
import { writeLabelledJob } from "./compare/compared.ts";
import { attachTo, startJudge } from "./helpers/job.ts";

/** The package as it is installed: what its manifest exports, built. */
async function library(): Promise<typeof Source> {
  const { exports } = JSON.parse(readFileSync("package.json", "utf8"));
  const built = resolve(exports["."].default);
  if (!existsSync(built)) throw new Error(`${built} is missing: run \`npm run build\``);
  expect(existsSync(resolve(exports["."].types))).toBe(true);
  return import(/* @vite-ignore */ pathToFileURL(built).href);
}

test("runs, evaluates, calibrates, compares and reports as the command line does", async () => {
  const abtie = await library();
  await using judge = await startJudge();
  const { folder } = await writeLabelledJob({ engine: attachTo(judge), rows: 60 });
  const logged: string[] = [];
  const effects = abtie.createEffects({ cwd: folder, log: (level, text) => logged.push(`${level}: ${text}`) });

  const config = await abtie.openConfig("job.yaml", [], effects);
  expect((await abtie.show(config, { row: { number: 1 }, order: "ab" }, effects)).row).toBe(1);
  expect(await abtie.templateText((await abtie.templates())[0]?.name ?? "")).toMatch(/^---\n/);
  const found = await abtie.init(
    { input: config.input, output: "made.yaml", baseUrl: null, deadline: null, force: false },
    effects,
  );
  expect(found.rows).toBe(60);
  const findings = await abtie.doctor(config, { server: true }, effects);
  expect(findings.length).toBeGreaterThan(3);
  const summary = await abtie.runJob(config, { force: false, fresh: false }, effects);
  expect(summary.end).toBe("done");
  expect(await abtie.readStatus(config.runFolder, effects)).toMatchObject({ state: "done", rows: { scored: 60 } });
  expect(await abtie.dryRun(config, { force: false, fresh: false }, effects)).toMatchObject({ answered: 60 });
  expect(await abtie.validate({ submission: config.output, input: config.input }, effects)).toMatchObject({ rows: 60 });

  const evaluation = await abtie.evaluateTarget({ target: config.runFolder }, effects);
  expect(evaluation.rows).toBe(60);
  expect(evaluation.scores[0]?.evaluation.logLoss.mean).toBeCloseTo(summary.truth?.logLoss ?? Number.NaN, 9);

  const calibration = await abtie.calibrateRun({ run: config.runFolder, output: "c.json" }, effects);
  expect(calibration.file === null).toBe(calibration.refusal !== null);
  expect(existsSync(join(folder, "c.json"))).toBe(calibration.refusal === null);

  const templates = ["./template.jinja", "./other.jinja"];
  const comparison = await abtie.compareVariants(
    { file: "job.yaml", templates, flags: [{ from: "test", set: { run: "both" } }] },
    effects,
  );
  expect(comparison.report).toMatchObject({ kind: "scores", pairs: [{ first: "template", second: "other" }] });
  const written = JSON.parse(readFileSync(comparison.files.json, "utf8"));
  expect(JSON.parse(JSON.stringify(abtie.detailsOf(comparison)))).toEqual(written);

  for (const run of [config.runFolder, "both"]) {
    const { html, markdown } = await abtie.reportRun({ run }, effects);
    expect(readFileSync(html, "utf8")).toMatch(/^<!doctype html>/i);
    expect(readFileSync(markdown, "utf8")).toMatch(/^## /);
  }
  expect(logged.filter((line) => line.startsWith("error"))).toEqual([]);
});

test("a signal that was aborted before the start resolves like one that is aborted later", async () => {
  const abtie = await library();
  await using judge = await startJudge();
  const { folder } = await writeLabelledJob({ engine: attachTo(judge), rows: 30 });
  const config = await abtie.openConfig("job.yaml", [], abtie.createEffects({ cwd: folder }));
  const effects = abtie.createEffects({ cwd: folder, signal: AbortSignal.abort(new Error("before the start")) });
  const summary = await abtie.runJob(config, { force: false, fresh: false }, effects);
  expect(summary).toMatchObject({ end: "interrupted", rows: { total: 30, prior: 30 } });
  const quiet = abtie.createEffects({ cwd: folder });
  expect(await abtie.validate({ submission: config.output, input: config.input }, quiet)).toMatchObject({ rows: 30 });
  expect(await abtie.runJob(config, { force: false, fresh: false }, quiet)).toMatchObject({ end: "done" });
});

test("throws errors with a code that says which exit status they mean", async () => {
  const abtie = await library();
  const effects = abtie.createEffects();
  const error = await abtie.evaluateTarget({ target: "nowhere" }, effects).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(abtie.AbtieError);
  expect(error).toMatchObject({ code: "data" });
  expect(abtie.EXIT.data).toBe(3);
});

test("stops in order, with the answers so far in place, when the caller's own callback throws", async () => {
  const abtie = await library();
  await using judge = await startJudge({ constantMs: 300 });
  const { folder } = await writeLabelledJob({ engine: attachTo(judge), rows: 200 });
  const quiet = abtie.createEffects({ cwd: folder });
  const config = await abtie.openConfig("job.yaml", [], quiet);
  const effects = abtie.createEffects({
    cwd: folder,
    progress: (event) => {
      if (event.stage === "score" && event.done > 40) throw new Error("the caller's own mistake");
    },
  });
  await expect(abtie.runJob(config, { force: false, fresh: false }, effects)).rejects.toThrow(
    "the caller's own mistake",
  );
  const journal = readFileSync(join(config.runFolder, "journal.jsonl"), "utf8").trim().split("\n");
  const last = journal.map((line) => JSON.parse(line)).findLast(({ event }) => event !== "checkpoint");
  expect(last).toMatchObject({ event: "session-end", status: "failed" });
  expect(await abtie.validate({ submission: config.output, input: config.input }, quiet)).toMatchObject({ rows: 200 });
  const summary = await abtie.runJob(config, { force: false, fresh: false }, quiet);
  expect(summary.session.resumedRows).toBeGreaterThan(0);
  expect(summary.rows.prior).toBe(0);
});

test("a working folder that was removed is named, unless another one is given", async () => {
  const { createEffects } = await library();
  const cwd = vi.spyOn(process, "cwd").mockImplementation(() => {
    throw new Error("ENOENT: no such file or directory, uv_cwd");
  });
  onTestFinished(() => cwd.mockRestore());
  expect(() => createEffects()).toThrow("the current folder was removed");
  expect(createEffects({ cwd: "/job" }).cwd).toBe("/job");
});
