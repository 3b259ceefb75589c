import { readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { parse } from "yaml";
import { createProgram } from "../../src/cli/program.ts";
import { CONDITION_LIST, parseFailIf } from "../../src/compare/fail-if.ts";
import { EXIT } from "../../src/errors.ts";
import { createEffects } from "../../src/system.ts";
import { compareTemplates, writeLabelledJob } from "../compare/compared.ts";
import { inProcess } from "../helpers/in-process.ts";
import { attachTo, startJudge, writeJob } from "../helpers/job.ts";
import { writeJudged } from "../helpers/judged-folder.ts";

const GUIDE = readFileSync("docs/guide/ci.md", "utf8");

describe("thresholds of abtie evaluate", () => {
  let folder = "";
  let loss = 0;
  let accuracy = 0;
  beforeAll(async () => {
    folder = await writeJudged({ rows: 60, sharpness: 1, orders: "one" });
    const { scores } = JSON.parse((await inProcess(["evaluate", "run", "--json"], folder)).stdout);
    loss = scores[0].evaluation.logLoss.mean;
    accuracy = scores[0].evaluation.accuracy.mean;
  });

  test("compare the values with the limits: at the limit they are met, beyond it the exit status is 6", async () => {
    const met = await inProcess(
      ["evaluate", "run", "--max-log-loss", String(loss), "--min-accuracy", String(accuracy)],
      folder,
    );
    expect(met.status).toBe(EXIT.done);
    expect(met.stderr.match(/threshold met/g)).toHaveLength(2);
    const high = await inProcess(["evaluate", "run", "--max-log-loss", String(loss - 1e-4), "--json"], folder);
    expect(high.status).toBe(6);
    expect(high.stderr).toMatch(/^threshold missed: log loss \d\.\d{4}, expected at most \d\.\d{4}$/m);
    expect(JSON.parse(high.stdout).thresholds).toMatchObject([{ metric: "log loss", value: loss, isMet: false }]);
    expect(await inProcess(["evaluate", "run", "--min-accuracy", "1"], folder)).toMatchObject({ status: 6 });
  });

  test("refuse what is no limit", async () => {
    for (const args of [
      ["--max-log-loss", "low"],
      ["--max-log-loss", "-1"],
      ["--min-accuracy", "60"],
      ["--min-accuracy", ""],
    ]) {
      expect(await inProcess(["evaluate", "run", ...args], folder)).toMatchObject({ status: EXIT.config });
    }
  });

  test("are appended with the scores to the file of --summary, else to that of GITHUB_STEP_SUMMARY", async () => {
    await writeFile(join(folder, "given.md"), "before\n");
    const args = ["evaluate", "run", "--max-log-loss", "0.1"];
    await inProcess([...args, "--summary", "given.md"], folder, { GITHUB_STEP_SUMMARY: "step" });
    await inProcess(args, folder, { GITHUB_STEP_SUMMARY: "step" });
    await inProcess(args, folder, { GITHUB_STEP_SUMMARY: "step" });
    const [given, step] = ["given.md", "step"].map((name) => readFileSync(join(folder, name), "utf8"));
    expect(given).toMatch(/^before\n## Evaluation of run\n\n\*\*Threshold missed: log loss/);
    expect(given).toMatch(/\| as written \| 60 \|/);
    expect(step?.match(/## Evaluation of run/g)).toHaveLength(2);
    const missing = join(folder, "missing/step");
    const warned = await inProcess(["evaluate", "run"], folder, { GITHUB_STEP_SUMMARY: missing });
    expect(warned.status).toBe(EXIT.done);
    expect(warned.stderr).toContain("the summary of the job could not be written");
    const asked = await inProcess(["evaluate", "run", "--summary", "missing/a.md"], folder);
    expect(asked.status).toBe(EXIT.data);
    expect(await inProcess(["evaluate", "run", "--summary", "rows.csv"], folder)).toMatchObject({
      status: EXIT.config,
    });
  });
});

describe("abtie compare --fail-if", () => {
  test("exits with 6 when a variant is shown to be worse than the first, and says why", async () => {
    await using judge = await startJudge();
    const job = await writeLabelledJob({ engine: attachTo(judge), rows: 80 });
    const flags = ["--fail-if", "worse", "--fail-if", "log-loss-above=5", "--fail-if", "agreement-below=1"];
    const { status, stdout, stderr } = await compareTemplates(job, ...flags, "--summary", "ci.md", "--json");
    expect(status).toBe(6);
    expect(stderr).toMatch(/^--fail-if worse holds: template is better by /m);
    expect(stderr).toMatch(/^--fail-if log-loss-above=5 does not hold$/m);
    expect(stderr).toMatch(
      /^--fail-if agreement-below=1 holds: the agreement of template and other is 0\.\d+, below 1$/m,
    );
    expect(JSON.parse(stdout).conditions.map(({ holds }: { holds: boolean }) => holds)).toEqual([true, false, true]);
    expect(readFileSync(join(job.folder, "ci.md"), "utf8")).toContain("fail-if worse holds: template is better by ");
    // Started again, it scores nothing; conditions that do not hold leave the status alone.
    const fine = await compareTemplates(job, "--fail-if", "kappa-below=-1", "--fail-if", "label-mass-below=0.01");
    expect(fine.status).toBe(EXIT.done);
  });

  test("refuses what is no condition, and a condition that could never be checked, before a row is scored", async () => {
    const nowhere = { attach: "http://127.0.0.1:9/v1", tokenizer: false };
    const job = await writeJob({ engine: nowhere, rows: 5 });
    await writeFile(join(job.folder, "other.jinja"), readFileSync(join(job.folder, "template.jinja")));
    for (const condition of ["worst", "worse=1", "kappa-below", "kappa-below=", "kappa-below=x", "constructor"]) {
      const { status, stderr } = await compareTemplates(job, "--fail-if", condition);
      expect({ status, names: stderr.includes("agreement-below=X") }).toEqual({ status: EXIT.config, names: true });
    }
    for (const [condition, missing] of [
      ["worse", "needs labels"],
      ["too-slow", "needs a deadline"],
      ["flip-rate-above=0.2", "needs both orders"],
    ] as const) {
      const { status, stderr } = await compareTemplates(job, "--fail-if", condition);
      expect({ status, says: stderr.includes(missing) }).toEqual({ status: EXIT.config, says: true });
    }
  });
});

describe("the page about CI", () => {
  /** The command lines of abtie in the workflow and in the first example. */
  const lines = (): readonly string[] => {
    const [, workflow = ""] = /```yaml\n([\s\S]*?)```/.exec(GUIDE) ?? [];
    const { steps } = parse(workflow).jobs.judge;
    const runs: string[] = steps.flatMap(({ run }: { run?: string }) => (run === undefined ? [] : [run]));
    const [, first = ""] = /```\n([\s\S]*?)```/.exec(GUIDE) ?? [];
    return [...runs, ...first.trim().split("\n")].filter((line) => /^(npx )?abtie /.test(line));
  };
  const statusOf = async (line: string): Promise<number> => {
    const effects = createEffects({ cwd: ".", env: {}, log: () => {} });
    const program = createProgram(
      { ...effects, print: () => {}, printToStderr: () => {}, note: () => {}, columns: null },
      { callCommands: false },
    );
    return program.run(line.replace(/^(npx )?abtie /, "").split(/\s+/));
  };

  test("has commands that the command line understands", async () => {
    expect(lines()).toHaveLength(5);
    for (const line of lines()) expect({ line, status: await statusOf(line) }).toEqual({ line, status: EXIT.done });
    expect(await statusOf("npx abtie evaluate runs/ci --max-log-los 1")).toBe(EXIT.config);
    expect(await statusOf("npx abtie compare --fail-if worst")).toBe(EXIT.config);
  });

  test("lists every condition, and none that does not exist", () => {
    const listed = [...GUIDE.matchAll(/^\| `([a-z][a-z-]+(?:=X)?)` \|/gm)].map(([, written = ""]) => written);
    expect(listed).toEqual(CONDITION_LIST.map(([written]) => written));
    for (const written of listed) expect(parseFailIf(written.replace("X", "0.5"))).not.toBeNull();
  });
});
