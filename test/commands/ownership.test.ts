import { existsSync, readdirSync, readFileSync } from "node:fs";
import { copyFile, mkdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { type Disk, nodeDisk } from "../../src/files/disk.ts";
import { refuseForeignOutput } from "../../src/runfolder/ownership.ts";
import { inProcess, type Said } from "../helpers/in-process.ts";
import { attachTo, type Job, startJudge, writeJob } from "../helpers/job.ts";

/** A finished job whose submission lies beside its config. */
async function finishedJob(url: { readonly url: string }): Promise<Job & { readonly output: string }> {
  const engine = { ...attachTo(), attach: url.url };
  const job = await writeJob({ engine, rows: 12, config: { output: "submission.csv" } });
  expect((await inProcess(["run", "job.yaml"], job.folder)).stderr).not.toContain("error");
  return { ...job, output: join(job.folder, "submission.csv") };
}

function refused(path: string): unknown {
  return expect.objectContaining({
    status: 2,
    stderr: expect.stringMatching(new RegExp(`${path} exists, and the run in .* did not write it .*--force`)),
  });
}

describe("a finished submission", () => {
  test("is not replaced by trial runs, which write into their run folders", async () => {
    await using judge = await startJudge();
    const { folder, output } = await finishedJob(judge);
    const before = readFileSync(output, "utf8");
    const trials = [
      ["--limit", "3", "--run", "runs/try"],
      ["--run", "runs/other"],
      ["--limit", "3", "--run", "runs/third", "-o", "third.csv"],
    ];
    for (const flags of trials) expect((await inProcess(["run", "job.yaml", ...flags], folder)).status).toBe(0);
    expect(readFileSync(output, "utf8")).toBe(before);
    const written = ["runs/try/submission.csv", "runs/other/submission.csv", "third.csv"];
    expect(written.map((path) => readFileSync(join(folder, path), "utf8").trimEnd().split("\n").length)).toEqual([
      4, 13, 4,
    ]);
  });

  test("is refused as the output of another run folder before anything is written, and replaced with --force", async () => {
    await using judge = await startJudge();
    const { folder, output } = await finishedJob(judge);
    const before = readFileSync(output, "utf8");
    const other = (...more: readonly string[]): Promise<Said> =>
      inProcess(["run", "job.yaml", "--limit", "3", "--run", "runs/try", "-o", "submission.csv", ...more], folder);
    expect(await other()).toEqual(refused(output));
    expect(existsSync(join(folder, "runs"))).toBe(false);
    expect(readFileSync(output, "utf8")).toBe(before);
    expect((await other("--force")).status).toBe(0);
    expect(readFileSync(output, "utf8")).not.toBe(before);
    // Now the other run owns it.
    expect(await inProcess(["run", "job.yaml"], folder)).toEqual(refused(output));
    expect((await other()).status).toBe(0);
  });

  test("belongs to its run also after the file, the folder or both were moved", async () => {
    await using judge = await startJudge();
    const { folder, output } = await finishedJob(judge);
    await rename(output, join(folder, "moved.csv"));
    expect((await inProcess(["run", "job.yaml", "-o", "moved.csv"], folder)).status).toBe(0);
    await rename(join(folder, "run"), join(folder, "moved"));
    expect((await inProcess(["run", "job.yaml", "--run", "moved", "-o", "moved.csv"], folder)).status).toBe(0);
  });

  test("that was changed by hand is not replaced", async () => {
    await using judge = await startJudge();
    const { folder, output } = await finishedJob(judge);
    await writeFile(output, readFileSync(output, "utf8").replace("0.", "0,"));
    expect(await inProcess(["run", "job.yaml"], folder)).toEqual(refused(output));
  });
});

test("a file of the person is not replaced, wherever it lies", async () => {
  await using judge = await startJudge();
  const job = await writeJob({ engine: attachTo(judge), rows: 3 });
  const { folder } = job;
  await copyFile(join(folder, "rows.csv"), join(folder, "mine.csv"));
  await mkdir(join(folder, "run"));
  await copyFile(join(folder, "rows.csv"), job.submission);
  for (const [flags, path] of [
    [["-o", "mine.csv"], join(folder, "mine.csv")],
    [[], job.submission],
  ] as const) {
    expect(await inProcess(["run", "job.yaml", ...flags], folder)).toEqual(refused(path));
    expect(readFileSync(path, "utf8")).toBe(readFileSync(join(folder, "rows.csv"), "utf8"));
  }
  expect(readdirSync(join(folder, "run"))).toEqual(["submission.csv"]);
  const doctor = await inProcess(["doctor", "job.yaml", "--no-server", "--set", "output=mine.csv"], folder);
  expect(`${doctor.stdout}${doctor.stderr}`).toMatch(/mine\.csv exists, and the run in/);
});

test("a run that was killed between writing and remembering continues", async () => {
  await using judge = await startJudge();
  const { folder, output } = await finishedJob(judge);
  const record = join(folder, "run/published.json");
  // The next version was announced, and the kill came before it was put in place.
  const { versions } = JSON.parse(readFileSync(record, "utf8"));
  await writeFile(record, JSON.stringify({ format: 1, versions: [...versions, { sha256: "0".repeat(64), bytes: 1 }] }));
  expect((await inProcess(["run", "job.yaml"], folder)).status).toBe(0);
  // A broken record means that the run does not know its submission.
  await writeFile(record, "[".repeat(100_000));
  expect(await inProcess(["run", "job.yaml"], folder)).toEqual(refused(output));
});

test("a run whose folder takes no record of its submission knows it from a file beside it", async () => {
  await using judge = await startJudge();
  const { folder, output } = await finishedJob(judge);
  const record = join(folder, "run/published.json");
  const spare = join(folder, ".submission.csv.published.json");
  await rm(record);
  // Nothing can be written where a folder is.
  await mkdir(record);
  expect((await inProcess(["run", "job.yaml", "--force"], folder)).status).toBe(0);
  expect(existsSync(spare)).toBe(true);
  expect((await inProcess(["run", "job.yaml"], folder)).status).toBe(0);
  // It is the record of this run alone.
  const other = ["run", "job.yaml", "--limit", "3", "--run", "runs/try", "-o", "submission.csv"];
  expect(await inProcess(other, folder)).toEqual(refused(output));
  await rm(record, { recursive: true });
  expect((await inProcess(["run", "job.yaml"], folder)).status).toBe(0);
  expect([existsSync(record), existsSync(spare)]).toEqual([true, false]);
});

test("a record that the disk does not give says nothing about the owner", async () => {
  await using judge = await startJudge();
  const { folder, output } = await finishedJob(judge);
  const readFile: Disk["readFile"] = async (path, encoding) => {
    if (!path.endsWith("published.json")) return nodeDisk.readFile(path, encoding);
    throw Object.assign(new Error("EIO: i/o error, read"), { code: "EIO", syscall: "read" });
  };
  const refusal = refuseForeignOutput({ output, runFolder: join(folder, "run") }, { ...nodeDisk, readFile });
  await expect(refusal).rejects.toMatchObject({
    code: "data",
    message: expect.stringMatching(/published\.json \(EIO\)/),
  });
});

test("a submission of which no record can be written is not replaced", async () => {
  await using judge = await startJudge();
  const { folder, output } = await finishedJob(judge);
  const before = readFileSync(output, "utf8");
  for (const name of ["run/published.json", ".submission.csv.published.json"]) {
    await rm(join(folder, name), { force: true });
    await mkdir(join(folder, name));
  }
  const said = await inProcess(["run", "job.yaml", "--force"], folder);
  expect(said).toMatchObject({ status: 3, stderr: expect.stringContaining(".submission.csv.published.json") });
  expect(readFileSync(output, "utf8")).toBe(before);
});

test("a later variant of a comparison that is refused leaves no folder of an earlier one", async () => {
  await using judge = await startJudge();
  const job = await writeJob({ engine: attachTo(judge), rows: 12 });
  const labelled = "id,prompt,response_a,response_b,winner_model_a,winner_model_b,winner_tie\n";
  const rows = Array.from({ length: 12 }, (_, row) => `${row},"[""q""]","[""a${row}""]","[""b""]",1,0,0\n`);
  await writeFile(join(job.folder, "rows.csv"), labelled + rows.join(""));
  for (const name of ["other", "third"])
    await copyFile(join(job.folder, "template.jinja"), join(job.folder, `${name}.jinja`));
  const compare = (...names: readonly string[]): Promise<Said> =>
    inProcess(["compare", "job.yaml", ...names.flatMap((name) => ["-t", `./${name}.jinja`])], job.folder);
  expect((await compare("template", "other")).status).toBe(0);
  const folders = (): readonly string[] =>
    readdirSync(join(job.folder, "run"), { withFileTypes: true }).flatMap((e) => (e.isDirectory() ? [e.name] : []));
  const before = folders();
  const text = readFileSync(join(job.folder, "other.jinja"), "utf8");
  await writeFile(
    join(job.folder, "other.jinja"),
    text.replace("Short prompts", "Other prompts").replace("A:", "First:"),
  );
  expect((await compare("third", "other")).status).toBe(2);
  expect(folders()).toEqual(before);
  for (const name of ["manifest.json", "published.json"]) await rm(join(job.folder, "run/other", name));
  expect((await compare("third", "other")).stderr).toMatch(/other\/submission\.csv exists/);
  expect(folders()).toEqual(before);
});
