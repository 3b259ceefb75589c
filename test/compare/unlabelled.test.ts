import { readFileSync } from "node:fs";
import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { ComparisonDetails } from "../../src/compare/comparison-file.ts";
import { inProcess } from "../helpers/in-process.ts";
import { attachTo, startJudge, writeJob } from "../helpers/job.ts";
import { expectValid } from "../helpers/results.ts";
import { compareTemplates, OTHER_TEMPLATE, readTable } from "./compared.ts";

const NAMES = ["winner_model_a", "winner_model_b", "winner_tie"] as const;

test("compares two templates without labels: agreement, verdicts, cost, and the rows on which they differ", async () => {
  await using judge = await startJudge();
  const job = await writeJob({ engine: attachTo(judge), rows: 60, config: { orders: "both" } });
  await writeFile(join(job.folder, "other.jinja"), OTHER_TEMPLATE);
  const { status, stdout, stderr } = await compareTemplates(job, "--deadline", "9h");
  expect({ status, stderr }).toMatchObject({ status: 0 });
  expect(stdout).toMatch(/^60 rows with 60 prompts, answered by every variant\n/);
  expect(stdout).toMatch(/template and other give the same verdict on \d+\.\d % \(95 % .*\) of the rows, kappa -?\d/);
  expect(stdout).toMatch(/\nFlip rate +\d+\.\d % \(.*\) +\d+\.\d % \(/);
  expect(stdout).toMatch(/\nLabel mass +0\.\d+ \(p5 .*\) +0\.\d+ \(p5 /);
  expect(stdout).toMatch(/\nFits 9h00m +yes +yes\n/);
  expect(stdout).toMatch(/\nChanged when scored again +0\.0 % \(0\.0 % to \d+\.\d %\) +0\.0 %/);
  expect(stdout).toContain("Without labels nothing shows which variant is better.");

  const comparison = JSON.parse(readFileSync(join(job.folder, "run/comparison.json"), "utf8")) as ComparisonDetails;
  const written = (name: string) =>
    readTable(join(job.folder, "run", name, "submission.csv")).map((row) => NAMES.map((column) => Number(row[column])));
  const [first, second] = [written("template"), written("other")];
  const verdictOf = (row: readonly number[] | undefined): number => (row ?? []).indexOf(Math.max(...(row ?? [])));
  const same = first.filter((row, index) => verdictOf(row) === verdictOf(second[index])).length / 60;
  const distanceOf = (row: number): number =>
    NAMES.reduce((sum, _, k) => sum + Math.abs((first[row]?.[k] ?? 0) - (second[row]?.[k] ?? 0)) / 2, 0);
  const distances = first.map((_, row) => distanceOf(row));
  const [pair] = comparison.agreement;
  expect(pair?.share.value).toBeCloseTo(same, 9);
  expect(pair?.distance).toBeCloseTo(distances.reduce((sum, value) => sum + value, 0) / 60, 9);
  const farthest = distances.indexOf(Math.max(...distances));
  expect(pair?.most[0]).toMatchObject({ id: job.ids[farthest], first: first[farthest], second: second[farthest] });
  expect(pair?.most).toHaveLength(10);
  expect(pair?.verdicts.flat().reduce<number>((sum, rows) => sum + rows, 0)).toBe(60);

  // Nothing that is written claims that a variant is better.
  const [page, markdown] = ["html", "md"].map((kind) =>
    readFileSync(join(job.folder, `run/comparison.${kind}`), "utf8"),
  );
  for (const text of [stdout, page, markdown]) expect(text).not.toMatch(/log loss|is better by|is the best/i);
  expect(page).toContain(`Row ${job.ids[farthest]}`);
  expect(markdown).toContain(`| ${job.ids[farthest]} |`);
  expect((await readdir(join(job.folder, "run"))).sort()).toEqual([
    "comparison.html",
    "comparison.json",
    "comparison.md",
    "other",
    "template",
  ]);
  for (const name of ["template", "other"]) expectValid(join(job.folder, "run", name, "submission.csv"), job.ids);
  // The folder of the comparison stands for its runs.
  const sampled = await inProcess(["sample", "run", "-n", "10", "-o", "sample.csv"], job.folder);
  expect(sampled).toMatchObject({ status: 0 });
  const named = await inProcess(["sample", "run/template", "run/other", "-n", "10", "-o", "named.csv"], job.folder);
  expect(named).toMatchObject({ status: 0 });
  const [one, other] = ["sample.csv", "named.csv"].map((name) => readFileSync(join(job.folder, name), "utf8"));
  expect(one).toBe(other);
  // The report command reads comparison.json alone.
  expect(await inProcess(["report", "run", "-o", "page.html"], job.folder)).toMatchObject({ status: 0 });
  expect(readFileSync(join(job.folder, "page.html"), "utf8")).toBe(page);
});

test("finds that a template agrees with itself, and lists no row", async () => {
  await using judge = await startJudge();
  const config = { variants: { one: {}, again: {} } };
  const job = await writeJob({ engine: attachTo(judge), rows: 12, config });
  const { status, stdout } = await inProcess(["compare", "job.yaml", "--json"], job.folder);
  expect(status).toBe(0);
  const comparison = JSON.parse(stdout) as ComparisonDetails;
  const [pair] = comparison.agreement;
  expect(pair).toMatchObject({ share: { value: 1, high: 1 }, distance: 0, most: [] });
  expect(pair?.share.low).toBeLessThan(0.8);
  expect(pair?.kappa === null || pair?.kappa?.value === 1).toBe(true);
});

test("compares judges without a tie: two verdicts, and probabilities of two classes everywhere", async () => {
  await using judge = await startJudge();
  const config = { variants: { one: {}, other: { labels: { a: " A", b: " tie" } } }, labels: { a: " A", b: " B" } };
  const job = await writeJob({ engine: attachTo(judge), rows: 20, config });
  const path = join(job.folder, "template.jinja");
  await writeFile(path, readFileSync(path, "utf8").replace(/, tie: "[^"]*"/, ""));
  const { status, stdout, stderr } = await inProcess(["compare", "job.yaml"], job.folder);
  expect({ status, stderr }).toMatchObject({ status: 0 });
  expect(stdout).toMatch(/\nVerdict A +\d.*\nVerdict B +\d.*\nMean probability A, B +0\./);
  const comparison = JSON.parse(readFileSync(join(job.folder, "run/comparison.json"), "utf8")) as ComparisonDetails;
  expect(comparison.agreement[0]?.verdicts.map((line) => line.length)).toEqual([2, 2]);
  expect(comparison.agreement[0]?.most[0]?.first).toHaveLength(2);
  expect(await inProcess(["report", "run", "-o", "page.html"], job.folder)).toMatchObject({ status: 0 });
  expect(await inProcess(["sample", "run", "-n", "5", "-o", "sample.csv"], job.folder)).toMatchObject({ status: 0 });
});
