import { createHash } from "node:crypto";
import { existsSync, lstatSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { copyFile, cp, link, mkdir, rename, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { KEPT_FILES, namedFilesOf, RUN_FILES, SUBMISSION_FILES } from "../../src/runfolder/file-names.ts";
import { temporaryFolder } from "../helpers/folder.ts";
import { inProcess } from "../helpers/in-process.ts";
import { attachTo, startJudge, TOKENIZER, writeJob } from "../helpers/job.ts";
import { writeJudged, writeLabels } from "../helpers/judged-folder.ts";
import { sampleComparison } from "../report/sample-comparison.ts";

const NAMES = namedFilesOf("run").map(({ path }) => path.slice("run/".length));
const BENCH = {
  format: 1,
  speeds: { best: { concurrency: 1, promptsPerRequest: 1 }, fit: { rowMs: 1, tokenMs: 1 } },
  lengths: { meanTokens: 10 },
};

describe("an output that is a file which the command needs is refused before anything is written", () => {
  let job = "";
  beforeAll(async () => {
    job = await writeWholeJob();
  });

  const reads = [
    "rows.csv",
    "job.yaml",
    "template.jinja",
    "c.json",
    "engine.yaml",
    "b.json",
    "model/tokenizer.json",
    "model/special_tokens_map.json",
  ];
  const ofRun = NAMES.filter((name) => !SUBMISSION_FILES.includes(name)).map((name) => `run/${name}`);
  test.each([...reads, ...ofRun, "run"])("run -o %s", async (target) => {
    // By its name alone, a JSON file is refused as an output of another form.
    const form = target.endsWith(".json") ? ["--set", "output.format=submission"] : [];
    await expectRefused(job, target, (output) => ["run", "job.yaml", "--bench", "b.json", "-o", output, ...form]);
  });

  test.each([...reads])("--run %s", async (target) => {
    const other = ["-t", "./template.jinja", "-t", "./other.jinja"];
    await expectRefused(job, target, (run) => ["run", "job.yaml", "--bench", "b.json", "--run", run]);
    await expectRefused(job, target, (run) => ["plan", "job.yaml", "--bench", "b.json", "--keep-tokens", "--run", run]);
    if (target === "b.json") return;
    await expectRefused(job, target, (run) => ["bench", "job.yaml", "--run", run]);
    await expectRefused(job, target, (run) => ["compare", "job.yaml", ...other, "--run", run]);
  });

  test("init -o the rows, with --force too", async () => {
    for (const more of [[], ["--force"]]) {
      await expectRefused(job, "rows.csv", (output) => ["init", "rows.csv", "-o", output, ...more]);
    }
  });

  const COMPARE = ["compare", "job.yaml", "-t", "./template.jinja", "-t", "./other.jinja"];
  test.each([
    ...[...RUN_FILES, "submission.csv"].map((name) => [["run", "job.yaml"], name] as const),
    ...["bench.json", "bench.svg", "bench/server.log"].map((name) => [["bench", "job.yaml"], name] as const),
    [["plan", "job.yaml", "--keep-tokens"], "tokens.bin"] as const,
    ...["comparison.json", "comparison.html", "comparison.md"].map((name) => [COMPARE, name] as const),
    ...[...RUN_FILES, "submission.csv", "rescored.jsonl"].map((name) => [COMPARE, `other/${name}`] as const),
  ])("%s with the input as %s of its run folder", async (args, name) => {
    const folder = await writeWholeJob();
    const file = join(folder, "fresh", name);
    await mkdir(join(file, ".."), { recursive: true });
    for (const make of [copyFile, symlink, link]) {
      await make(join(folder, "rows.csv"), file);
      const input = make === copyFile ? ["-i", file] : [];
      await expectUntouched(folder, [...args, ...input, "--run", "fresh"]);
      await rm(file);
    }
  });

  test("calibrate and report -o FILE of the run", async () => {
    const folder = await writeJudged({ rows: 60, sharpness: 3, orders: "one" });
    await writeFile(join(folder, "t.jinja"), "a template");
    await writeLabels(folder);
    for (const target of ["rows.csv", "labels.csv", "t.jinja", ...NAMES.map((name) => `run/${name}`)]) {
      await expectRefused(folder, target, (output) => ["calibrate", "run", "--labels", "labels.csv", "-o", output]);
      // The report may replace an earlier report.
      if (/report\.(html|md)$/.test(target)) continue;
      await expectRefused(folder, target, (output) => ["report", "run", "--labels", "labels.csv", "-o", output]);
    }
  });

  test("report -o FILE of a comparison or of one of its variants", async () => {
    const comparison = sampleComparison();
    const variant = comparison.variants[0]?.name ?? "";
    const folder = await writeJudged({ rows: 20, sharpness: 1, orders: "one" });
    await mkdir(join(folder, "cmp"));
    await writeFile(join(folder, "cmp/comparison.json"), JSON.stringify({ format: 2, ...comparison }));
    await rename(join(folder, "run"), join(folder, "cmp", variant));
    await expectRefused(folder, "rows.csv", (output) => ["report", "cmp", "-o", output]);
    for (const target of ["comparison.json", "server.log", ...RUN_FILES.map((name) => `${variant}/${name}`)]) {
      await expectRefused(folder, `cmp/${target}`, (output) => ["report", "cmp", "-o", output]);
    }
  });

  test("sample -o FILE of a run or of a comparison", async () => {
    const comparison = sampleComparison();
    const [variant] = comparison.variants;
    const folder = await writeJudged({ rows: 20, sharpness: 1, orders: "one" });
    await mkdir(join(folder, "cmp"));
    const one = { ...comparison, variants: comparison.variants.slice(0, 1) };
    await writeFile(join(folder, "cmp/comparison.json"), JSON.stringify({ format: 2, ...one }));
    const name = variant?.name ?? "";
    await rename(join(folder, "run"), join(folder, "cmp", name));
    // The name alone forbids cmp/comparison.json: a sample is no JSON file.
    for (const target of ["rows.csv", "cmp/server.log", `cmp/${name}/rows.jsonl`]) {
      await expectRefused(folder, target, (output) => ["sample", "cmp", "-i", "rows.csv", "-o", output]);
    }
    await expectRefused(folder, `cmp/${name}/journal.jsonl`, (output) => ["sample", `cmp/${name}`, "-o", output]);
  });

  test.each(KEPT_FILES)("%s of another run, by every command that writes, with --force too", async (name) => {
    const folder = await writeWholeJob();
    const judged = await writeJudged({ rows: 20, sharpness: 1, orders: "one" });
    await rename(join(judged, "run"), join(folder, "judged"));
    await mkdir(join(folder, "other"));
    await copyFile(join(folder, "judged/manifest.json"), join(folder, "other/manifest.json"));
    if (!existsSync(join(folder, "other", name))) await writeFile(join(folder, "other", name), "kept");
    const form = name.endsWith(".json") ? ["--set", "output.format=submission"] : [];
    const commands: readonly ((output: string) => readonly string[])[] = [
      (output) => ["run", "job.yaml", "--force", "-o", output, ...form],
      (output) => ["run", "job.yaml", "--dry-run", "--force", "-o", output, ...form],
      (output) => ["join", "job.yaml", "--force", "-o", output, ...form],
      (output) => ["init", "rows.csv", "--force", "-o", output],
      (output) => ["calibrate", "judged", "--force", "-o", output],
      (output) => ["report", "judged", "--force", "-o", output],
      // By its name alone, a JSON file is refused as a sample of another form.
      ...(form.length > 0 ? [] : [(output: string) => ["sample", "judged", "-i", "rows.csv", "--force", "-o", output]]),
    ];
    for (const command of commands) await expectRefused(folder, `other/${name}`, command, false);
  });

  test("a file of another run to which a link in its own run folder leads", async () => {
    const folder = await writeWholeJob();
    await mkdir(join(folder, "other"));
    await writeFile(join(folder, "other/journal.jsonl"), "kept");
    for (const [name, args] of [
      ["rows.jsonl", ["run", "job.yaml"]],
      ["summary.json", ["run", "job.yaml"]],
      ["bench.json", ["bench", "job.yaml"]],
      ["tokens.bin", ["plan", "job.yaml", "--keep-tokens"]],
    ] as const) {
      await mkdir(join(folder, "run"));
      await symlink("../other/journal.jsonl", join(folder, "run", name));
      await expectUntouched(folder, args);
      await rm(join(folder, "run"), { recursive: true });
    }
  });

  test("the lock and the record of a submission, under the hidden names that they have", async () => {
    for (const name of [".submission.csv.lock", ".submission.csv.published.json", "run/.submission.csv.lock"]) {
      await expectRefused(job, name, (output) => [
        "run",
        "job.yaml",
        "-o",
        output,
        "--set",
        "output.format=submission",
      ]);
    }
  });

  test("evaluate --summary of a link that leads to data", async () => {
    const folder = await writeJudged({ rows: 20, sharpness: 1, orders: "one" });
    const before = contentsOf(folder);
    for (const [make, name] of [
      [symlink, "soft.md"],
      [link, "hard.md"],
    ] as const) {
      const links = await temporaryFolder();
      await make(join(folder, "run/rows.jsonl"), join(links, name));
      const said = await inProcess(["evaluate", "run", "--summary", join(links, name)], folder);
      expect(said).toMatchObject({ status: 2, stderr: expect.stringMatching(REFUSAL_OF_A_SUMMARY) });
    }
    expect(contentsOf(folder)).toEqual(before);
  });

  test("join -o FILE of the job", async () => {
    for (const target of ["rows.csv", "job.yaml", "template.jinja", "c.json", "run/joined/rows.jsonl"]) {
      const form = /json$/.test(target) ? ["--set", "output.format=submission"] : [];
      await expectRefused(job, target, (output) => ["join", "job.yaml", "-o", output, "--force", ...form]);
    }
  });

  test("the message names both files, the paths behind links, and the remedy, for all outputs in one round", async () => {
    const folder = await writeWholeJob();
    await symlink("rows.csv", join(folder, "out.csv"));
    const one = await inProcess(["run", "job.yaml", "-o", "out.csv"], folder);
    const [rows, out] = ["rows.csv", "out.csv"].map((name) => join(folder, name));
    expect(one.stderr).toBe(
      `the output (-o) ${out} is the input ${rows} (the file is ${rows}): choose another path (-o)\n`,
    );
    await mkdir(join(folder, "run"));
    await link(join(folder, "job.yaml"), join(folder, "run/clock.svg"));
    const two = await inProcess(["run", "job.yaml", "-o", "rows.csv"], folder);
    expect(two.stderr.trimEnd().split("\n")).toEqual([
      "2 outputs would overwrite files that are needed",
      `the output (-o) ${rows} is the input: choose another path (-o)`,
      `clock.svg of the run folder (--run) ${join(folder, "run/clock.svg")} is the config ${join(folder, "job.yaml")} ` +
        "(two hard links of one file): choose another run folder (--run)",
    ]);
  });

  test("an output named - is no standard output, and no file of that name is written", async () => {
    const said = await inProcess(["run", "job.yaml", "-o", "-"], job);
    expect(said.stderr).toBe("the output (-o) is -, which names no file: choose another path (-o)\n");
    for (const command of [
      ["init", "rows.csv"],
      ["run", "job.yaml"],
    ])
      await expectUntouched(job, [...command, "-o", "-"]);
  });

  test("doctor reports it as a finding", async () => {
    const said = await inProcess(["doctor", "job.yaml", "--no-server", "--set", "output=rows.csv"], job);
    expect(`${said.stdout}${said.stderr}`).toMatch(/the output \(-o\) \S+ is the input: choose another path/);
  });

  test("a page that ends in .md would be overwritten by its own Markdown", async () => {
    const folder = await writeJudged({ rows: 20, sharpness: 1, orders: "one" });
    await expectUntouched(folder, ["report", "run", "-o", "page.md"]);
  });
});

test("report, calibrate, init and generate refuse a name that stands for another kind of file", async () => {
  const folder = await writeJudged({ rows: 20, sharpness: 1, orders: "one" });
  const refused = [
    ["report", ["run"], ["page.pdf", "page.csv.gz"], ".html"],
    ["calibrate", ["run"], ["fitted.yaml", "fitted.csv", "fitted.v2"], ".json"],
    ["init", ["rows.csv"], ["made.json", "made.txt"], ".yaml"],
    ["generate", ["job.yaml"], ["made.csv", "made.parquet"], ".jsonl"],
  ] as const;
  for (const [command, args, names, usual] of refused) {
    for (const name of names) {
      const said = await inProcess([command, ...args, "-o", name], folder);
      expect({ name, ...said }).toMatchObject({ name, status: 2, stdout: "" });
      expect(said.stderr).toMatch(new RegExp(`${name}: .* which is not written: name it ${usual}`));
      expect(existsSync(join(folder, name))).toBe(false);
    }
  }
});

test("the outputs of a run may lie in its own folder, and a run may be started again", async () => {
  await using judge = await startJudge({ constantMs: 1 });
  const job = await writeJob({ engine: attachTo(judge), rows: 60 });
  await writeLabels(job.folder);
  const commands = [
    ["plan", "job.yaml", "--keep-tokens"],
    ["bench", "job.yaml"],
    ["run", "job.yaml", "-o", "run/submission.csv", "--bench", "run/bench.json"],
    ["run", "job.yaml", "--bench", "run/bench.json"],
    ["compare", "job.yaml", "-t", "./template.jinja", "-t", "rules", "-i", "labels.csv"],
    ["calibrate", "run", "--labels", "labels.csv", "-o", "run/calibration.json"],
    ["run", "job.yaml", "-o", "other.csv"],
    ["report", "run", "-o", "run/report.html"],
    ["report", "run"],
  ];
  for (const args of commands) {
    const { status, stderr } = await inProcess(args, job.folder);
    expect(status, `${args.join(" ")}: ${stderr}`).toBe(0);
    if (args[0] === "calibrate") {
      // The run names the calibration, and calibrate does not read it.
      await writeFile(
        join(job.folder, "job.yaml"),
        `${readFileSync(join(job.folder, "job.yaml"), "utf8")}calibration: run/calibration.json\n`,
      );
    }
  }
  const again = await inProcess(
    ["calibrate", "run", "--labels", "labels.csv", "-o", "run/calibration.json"],
    job.folder,
  );
  expect(again.status, again.stderr).toBe(0);
  const found = readdirSync(join(job.folder, "run"), { withFileTypes: true }).filter((entry) => entry.isFile());
  const unnamed = found.map(({ name }) => name).filter((name) => !NAMES.includes(name));
  expect(unnamed).toEqual(["calibration.json"]);
});

const REFUSAL_OF_A_SUMMARY = /the summary \(--summary\) .*: choose another path \(--summary\)/;
const REFUSAL = / is .*: choose another (path \(-o\)|run folder \(--run\))$/m;

/** Writes a job that reads every kind of file, each of its own; its server is not reachable. */
async function writeWholeJob(): Promise<string> {
  const { folder } = await writeJob({ engine: { profile: "./engine.yaml" }, config: { calibration: "c.json" } });
  await cp(TOKENIZER, join(folder, "model"), { recursive: true });
  await copyFile(join(folder, "template.jinja"), join(folder, "other.jinja"));
  await writeFile(join(folder, "engine.yaml"), "kind: attach\nattach: http://127.0.0.1:9\ntokenizer: ./model\n");
  await writeFile(join(folder, "c.json"), "{}");
  await writeFile(join(folder, "b.json"), JSON.stringify(BENCH));
  return folder;
}

/**
 * Expects that a command refuses each path that leads to the target: its own, `..`, and symbolic and hard links. A hard link to a
 * file that the command knows nothing of is replaced without the file, and so not refused (`isHardLinked` false).
 */
async function expectRefused(
  folder: string,
  target: string,
  args: (path: string) => readonly string[],
  isHardLinked = true,
): Promise<void> {
  const links = await temporaryFolder();
  const file = join(folder, target);
  await symlink(folder, join(links, "folder"));
  await symlink(file, join(links, "link.html"));
  const paths = [target, `nowhere/../${target}`, join(links, "folder", target), join(links, "link.html")];
  if (isHardLinked && existsSync(file) && lstatSync(file).isFile()) {
    await link(file, join(links, "hard.html"));
    paths.push(join(links, "hard.html"));
  }
  for (const path of paths) await expectUntouched(folder, args(path));
}

async function expectUntouched(folder: string, args: readonly string[]): Promise<void> {
  const before = contentsOf(folder);
  const { status, stderr } = await inProcess(args, folder);
  expect({ args, status, stderr }).toEqual({
    args,
    status: 2,
    stderr: expect.stringMatching(REFUSAL),
  });
  expect(contentsOf(folder)).toEqual(before);
}

/** The hash of every file of a folder, and the target of every link. */
function contentsOf(folder: string): Readonly<Record<string, string>> {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  return Object.fromEntries(
    entries.map((entry) => {
      const path = join(entry.parentPath, entry.name);
      if (entry.isSymbolicLink()) return [path, readlinkSync(path)];
      if (entry.isDirectory()) return [path, "folder"];
      return [path, createHash("sha256").update(readFileSync(path)).digest("hex")];
    }),
  );
}
