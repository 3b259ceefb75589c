import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import type { RunPlan } from "../../src/deadline/run-plan.ts";
import type { JournalEvent } from "../../src/runfolder/journal/events.ts";
import { inProcess } from "../helpers/in-process.ts";
import { attachTo, startJudge, writeJob } from "../helpers/job.ts";

const LADDER = [
  { name: "twice", kind: "both-orders" },
  { name: "once", kind: "one-order" },
  { name: "brief", kind: "one-order-short", context: 64 },
  { kind: "prior" },
];

test.each([
  ["the usual ladder, no deadline", { orders: "auto" }],
  ["both orders", { orders: "both", seed: 7 }],
  [
    "a ladder of its own and a deadline",
    { orders: "auto", time: { deadline: "2h", started_at: now(), ladder: LADDER } },
  ],
  [
    "an overrun that stops the run",
    { time: { deadline: "2h", started_at: now(), on_overrun: "stop", confidence: 0.8 } },
  ],
])("plan prints the plan that run executes and journals: %s", async (_, config) => {
  await using judge = await startJudge();
  const engine = { ...attachTo(judge), max_model_len: 2048 };
  const job = await writeJob({ engine, rows: 60, words: (row) => (row % 3 === 0 ? 120 : 10), config });
  const printed: RunPlan = JSON.parse((await inProcess(["plan", "job.yaml", "--json"], job.folder)).stdout);
  expect(await inProcess(["run", "job.yaml"], job.folder)).toMatchObject({ status: 0 });
  const events = readFileSync(job.journal, "utf8").trim().split("\n");
  const plans = events.map((line) => JSON.parse(line) as JournalEvent).filter(({ event }) => event === "plan");
  expect(plans).toHaveLength(1);

  // What only one of them can find out: when its process began, and what tokenising every row found.
  const { shortened, neutralisedRows, ...totals } = printed.tokens as Extract<RunPlan["tokens"], { source: "exact" }>;
  expect({ shortened, neutralisedRows, source: totals.source }).toEqual({
    shortened: { rows: 0, meanCut: 0 },
    neutralisedRows: 0,
    source: "exact",
  });
  expect(plans[0]).toMatchObject({
    plan: { ...printed, startedAt: expect.any(Number), tokens: { ...totals, source: "estimated" } },
  });
});

test("the server tokenises the same plan when there is no tokenizer folder", async () => {
  await using judge = await startJudge();
  const local = await writeJob({
    engine: attachTo(judge),
    words: (row) => 4 * row,
    rows: 40,
    config: { context: 64 },
  });
  const plan = async (...flags: readonly string[]) => {
    const said = await inProcess(["plan", "job.yaml", "--json", ...flags], local.folder);
    expect(said).toMatchObject({ status: 0 });
    return { ...JSON.parse(said.stdout), startedAt: null };
  };
  const expected = await plan();
  expect(expected.tokens.shortened.rows).toBeGreaterThan(0);
  expect(await plan("--tokenizer", "server")).toEqual(expected);
});

test("a plan without a tokenizer names both remedies: it starts no server", async () => {
  const engine = { command: "false", args: [], model: "some-model", tokenizer: false };
  const job = await writeJob({ engine, rows: 2 });
  expect(await inProcess(["plan", "job.yaml"], job.folder)).toMatchObject({
    status: 2,
    stderr: expect.stringMatching(/starts no server.*engine\.tokenizer.*--base-url/),
  });
});

/** The deadline is counted from the same moment in both commands. */
function now(): string {
  return new Date(Math.floor(Date.now() / 1_000) * 1_000).toISOString();
}
