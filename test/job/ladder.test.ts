import { readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parse, stringify } from "yaml";
import type { RunPlan } from "../../src/deadline/run-plan.ts";
import { inProcess } from "../helpers/in-process.ts";
import { attachTo, startJudge, writeJob } from "../helpers/job.ts";
import { readLines } from "../helpers/results.ts";

const LADDER = [
  { name: "twice", kind: "both-orders" },
  { name: "once", kind: "one-order" },
  { name: "brief", kind: "one-order-short", context: 96 },
  { name: "briefer", kind: "one-order-short", context: 64 },
  { kind: "prior" },
];
const words = (row: number): number => (row % 3 === 0 ? 120 : 10);

test("prints the tokens of the whole file for every ladder step, and its time when a speed is given", async () => {
  await using judge = await startJudge();
  const engine = { ...attachTo(judge), max_model_len: 2048 };
  const config = { orders: "auto", time: { deadline: "1h", ladder: LADDER } };
  const job = await writeJob({ engine, rows: 60, words, config });
  const args = ["plan", "job.yaml", "--tokens-per-second", "100"];
  const { ladder, tokens } = JSON.parse((await inProcess([...args, "--json"], job.folder)).stdout);
  const steps = ladder as RunPlan["ladder"];
  expect(steps.map(({ name, tokenBudget, rowOrder }) => [name, tokenBudget, rowOrder])).toEqual([
    ["twice", null, "longest-first"],
    ["once", null, "longest-first"],
    ["brief", 96, "shortest-first"],
    ["briefer", 64, "shortest-first"],
    ["prior", 64, "shortest-first"],
  ]);
  const [twice = 0, once = 0, brief = 0, briefer = 0, prior = 0] = steps.map((step) => step.tokens);
  expect([twice, once, prior]).toEqual([2 * tokens.total, tokens.total, 0]);
  // A third of the rows is cut to the budget of the step, the others are shorter.
  expect(once - brief).toBeGreaterThan(20 * 100);
  expect(brief - briefer).toBe(20 * (96 - 64));
  for (const { tokens: all, seconds, fits } of steps) {
    expect(seconds).toBeCloseTo(all / 100, 9);
    expect(fits).toBe(true);
  }
  const { stdout } = await inProcess(args, job.folder);
  expect(stdout).toMatch(/^step brief +[\d,]+ tokens, .+: fits$/m);
});

test("keeps every prompt within the tokens of a shortened step, also in the swapped order of a later session", async () => {
  await using judge = await startJudge();
  const ladder = [{ name: "brief", kind: "one-order-short", context: 96 }, { kind: "prior" }];
  const job = await writeJob({
    engine: attachTo(judge),
    rows: 30,
    words,
    config: { orders: "auto", time: { ladder } },
  });
  expect(await inProcess(["run", "job.yaml"], job.folder)).toMatchObject({ status: 0 });
  const lines = readLines(job.rowsFile);
  expect(lines.every(({ obtained }) => obtained === "one-order-short")).toBe(true);
  expect(lines.map(({ ab }) => (ab?.cutTokens ?? 0) > 0)).toEqual(lines.map((_, row) => row % 3 === 0));
  const events = readFileSync(job.journal, "utf8").trim().split("\n");
  const rows = events.map((line) => JSON.parse(line)).filter(({ event }) => event === "row");
  expect(rows.every(({ tokenBudget, tokens }) => tokenBudget === 96 && tokens <= 96)).toBe(true);

  // The same rows in the swapped order, with a ladder that does not have the step any more.
  const both = {
    orders: "both",
    time: { ladder: [{ kind: "both-orders" }, { kind: "one-order" }, { kind: "prior" }] },
  };
  await writeFileOver(join(job.folder, "job.yaml"), both);
  expect(await inProcess(["run", "job.yaml"], job.folder)).toMatchObject({ status: 0 });
  const swapped = readFileSync(job.journal, "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  const second = swapped.filter(({ event, order }) => event === "row" && order === "ba");
  expect(second).toHaveLength(30);
  expect(second.every(({ tokenBudget, tokens }) => tokenBudget === 96 && tokens <= 96)).toBe(true);
});

async function writeFileOver(path: string, keys: Readonly<Record<string, unknown>>): Promise<void> {
  await writeFile(path, stringify({ ...parse(readFileSync(path, "utf8")), ...keys }));
}
