import { existsSync, readFileSync } from "node:fs";
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { abtie, startAbtie } from "../helpers/abtie.ts";
import { attachTo, startJudge, writeJob } from "../helpers/job.ts";
import { until } from "../helpers/processes.ts";
import { answersIn } from "../helpers/results.ts";

const ROWS = 10_000;

test("chosen answers are dealt to A in 49 to 51 % of 10,000 rows, the same after kill -9 and a resume", async () => {
  await using judge = await startJudge();
  const job = await writeJob({ engine: attachTo(judge), rows: 1, config: { input: "pairs.jsonl" } });
  const pairs = Array.from({ length: ROWS }, (_, id) =>
    JSON.stringify({ id: `p${id}`, prompt: `q ${id}`, chosen: "good", rejected: "bad" }),
  );
  await writeFile(join(job.folder, "pairs.jsonl"), pairs.join("\n"));
  const undisturbed = await abtie(["run", "job.yaml"], { cwd: job.folder });
  expect(undisturbed.status).toBe(0);
  const expected = [readFileSync(job.submission, "utf8"), answersIn(job.rowsFile), dealtIn(job.rowsFile)];
  const share = dealtIn(job.rowsFile).filter((side) => side === "a").length / ROWS;
  expect(share).toBeGreaterThan(0.49);
  expect(share).toBeLessThan(0.51);

  await rm(join(job.folder, "run"), { recursive: true });
  for (const enough of [1_000, 4_000]) {
    const running = startAbtie(["run", "job.yaml"], { cwd: job.folder });
    await until("rows are in the journal", async () => rowsIn(job.journal) >= enough, 120_000);
    running.child.kill("SIGKILL");
    expect((await running.ended).signal).toBe("SIGKILL");
  }
  const kept = rowsIn(job.journal);
  // Else this would say nothing about a resume.
  expect(kept).toBeGreaterThan(0);
  expect(kept).toBeLessThan(ROWS);
  const resumed = await abtie(["run", "job.yaml"], { cwd: job.folder });
  expect(resumed).toMatchObject({ status: 0 });
  expect([readFileSync(job.submission, "utf8"), answersIn(job.rowsFile), dealtIn(job.rowsFile)]).toEqual(expected);
}, 480_000);

function rowsIn(journal: string): number {
  return existsSync(journal) ? (readFileSync(journal, "utf8").match(/"event":"row"/g)?.length ?? 0) : 0;
}

function dealtIn(file: string): readonly unknown[] {
  return readFileSync(file, "utf8")
    .trim()
    .split("\n")
    .map((line) => (JSON.parse(line) as { readonly chosen?: unknown }).chosen);
}
