import { readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { inProcess } from "../helpers/in-process.ts";
import { attachTo, startJudge, writeJob } from "../helpers/job.ts";

const MINE = "a file of mine";

test("no command replaces a file that it did not write, unless it is told to", async () => {
  await using judge = await startJudge({});
  const job = await writeJob({ engine: attachTo(judge), rows: 12 });
  expect(await inProcess(["run", "job.yaml"], job.folder)).toMatchObject({ status: 0 });
  for (const [args, names] of [
    [["init", "rows.csv", "-o", "mine.yaml"], ["mine.yaml"]],
    [["sample", "run", "-n", "4", "-o", "mine.csv"], ["mine.csv"]],
    [["calibrate", "run", "-o", "mine.json"], ["mine.json"]],
    [["report", "run", "-o", "mine.html"], ["mine.html"]],
    [["report", "run", "-o", "notes.html"], ["notes.md"]],
    [["run", "job.yaml", "-o", "other.csv"], ["other.csv"]],
  ] as const) {
    for (const name of names) await writeFile(join(job.folder, name), MINE);
    const said = await inProcess([...args], job.folder);
    expect(said.status, `${args.join(" ")}: ${said.stderr}`).toBe(2);
    expect(said.stderr).toContain("--force");
    for (const name of names) expect(readFileSync(join(job.folder, name), "utf8")).toBe(MINE);
  }
  // What a command wrote itself it writes again; of a sample, nobody knows whether it is labelled by now.
  for (const status of [0, 0]) {
    expect(await inProcess(["report", "run", "-o", "page.html"], job.folder)).toMatchObject({ status });
  }
  expect(await inProcess(["report", "run", "-o", "mine.html", "--force"], job.folder)).toMatchObject({ status: 0 });
  for (const status of [0, 2]) {
    expect(await inProcess(["sample", "run", "-n", "4", "-o", "drawn.csv"], job.folder)).toMatchObject({ status });
  }
});
