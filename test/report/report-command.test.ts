import { readFileSync } from "node:fs";
import { rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readTimeline, timingOf } from "../../src/report/from-run/timeline.ts";
import {
  encodeEvent,
  type ForecastEvent,
  JOURNAL_FORMAT,
  type JournalEvent,
} from "../../src/runfolder/journal/events.ts";
import { temporaryFolder } from "../helpers/folder.ts";
import { inProcess } from "../helpers/in-process.ts";
import { attachTo, startJudge, writeJob } from "../helpers/job.ts";
import { writeLabels } from "../helpers/judged-folder.ts";
import { PLAN } from "../runfolder/samples.ts";

describe("abtie report", () => {
  it("writes one page and its Markdown beside it, with the numbers of evaluate", async () => {
    await using judge = await startJudge({ constantMs: 5 });
    const job = await writeJob({ engine: attachTo(judge), config: { orders: "both" } });
    await writeLabels(job.folder);
    await inProcess(["run", "job.yaml"], job.folder);
    const args = ["run", "--labels", "labels.csv"];
    const said = await inProcess(["report", ...args, "-o", "page.html"], job.folder);
    const [page, markdown] = ["page.html", "page.md"].map((name) => join(job.folder, name));
    expect(said).toEqual({ status: 0, stderr: "", stdout: `${page}\n${markdown}\n` });
    const { scores, swap } = JSON.parse((await inProcess(["evaluate", ...args, "--json"], job.folder)).stdout);
    const text = readFileSync(markdown ?? "", "utf8");
    expect(text).toContain(`| as written | 40 | ${scores[0].evaluation.logLoss.mean.toFixed(3)} (`);
    expect(text).toContain("Labels: labels of labels.csv, sha256 ");
    const html = readFileSync(page ?? "", "utf8");
    expect(html).toContain(`${(100 * swap.flipRate).toFixed(1)}`);
    expect(html).toContain("Throughput over the run");
    expect(html).toContain("The worst rows");
    expect(html).not.toMatch(/(?:src|href)="(?!#)/);
  });

  it("does without labels: no scores, and the least certain rows with their text", async () => {
    await using judge = await startJudge();
    const job = await writeJob({ engine: attachTo(judge) });
    await inProcess(["run", "job.yaml"], job.folder);
    expect(await inProcess(["report", "run"], job.folder)).toMatchObject({ status: 0, stderr: "" });
    const html = readFileSync(join(job.folder, "run/report.html"), "utf8");
    expect(html).toContain("The least certain rows");
    expect(html).toContain("the rows have no labels");
    expect(readFileSync(join(job.folder, "run/report.md"), "utf8")).not.toContain("Log loss");
  });

  it("does without texts when the input is gone, and says so; labels that were named must be there", async () => {
    await using judge = await startJudge();
    const job = await writeJob({ engine: attachTo(judge) });
    await inProcess(["run", "job.yaml"], job.folder);
    await rename(join(job.folder, "rows.csv"), join(job.folder, "moved.csv"));
    await rm(join(job.folder, "run/summary.json"));
    const { status, stderr } = await inProcess(["report", "run"], job.folder);
    expect({ status, stderr }).toMatchObject({
      status: 0,
      stderr: expect.stringMatching(/without texts: .*rows\.csv/),
    });
    const html = readFileSync(join(job.folder, "run/report.html"), "utf8");
    expect(html).toContain("none were chosen");
    expect(html).toContain("The last session of the run was killed");
    expect(await inProcess(["report", "run", "--labels", "labels.csv"], job.folder)).toMatchObject({ status: 3 });
  });
});

describe("the timeline of a journal", () => {
  it("leaves out the time between sessions, joins the rows of a request, and reads forecasts", async () => {
    const timeline = await readTimeline(await journal(TWO_SESSIONS));
    expect(timeline.sessions).toEqual([
      { startedAt: 1_000_000, before: 0 },
      { startedAt: 9_000_000, before: 3_500 },
    ]);
    expect(timeline.wallMs).toBe(3_500 + 4_000);
    expect(timeline.requests).toEqual([
      { endMs: 2_000, ms: 500, rows: 2, tokens: 230, ok: true },
      { endMs: 2_001, ms: 500, rows: 1, tokens: 60, ok: true },
      { endMs: 3_000, ms: 0, rows: 3, tokens: 0, ok: false },
      { endMs: 3_500 + 1_500, ms: 500, rows: 1, tokens: 90, ok: true },
    ]);
    expect(timeline.forecasts).toEqual([
      { atMs: 2_500, share: 0.5, pass: 1, endMs: 6_000, lowMs: 5_000, highMs: 7_000 },
      { atMs: 6_000, share: 1, pass: 2, endMs: 8_500, lowMs: 7_500, highMs: 9_500 },
    ]);
  });

  it("takes deadline and guard from the last session, and the end of the first pass once the second one has begun", async () => {
    expect(timingOf(await readTimeline(await journal(TWO_SESSIONS)))).toEqual({
      ...{ startedAt: 1_000_000, wallMs: 7_500, startupMs: 1_500 },
      ...{ deadlineMs: 3_500 + 10_000, guardMs: 3_500 + 9_000, firstPassMs: 3_500 + 1_500 },
    });
    const early = await readTimeline(await journal(TWO_SESSIONS.slice(0, 14)));
    expect(timingOf(early)).toMatchObject({ deadlineMs: null, guardMs: null, firstPassMs: null });
    expect(timingOf(await readTimeline(await journal([])))).toBeNull();
  });

  it("says what was in force: the start of the engine, its loss, the steps by name, the swapped order", async () => {
    const { bands } = await readTimeline(await journal(TWO_SESSIONS));
    expect(bands).toEqual([
      { name: "engine starts", kind: "start", fromMs: 0, toMs: 1_000 },
      { name: "twice", kind: "both-orders", fromMs: 1_000, toMs: 2_600 },
      { name: "brief", kind: "one-order-short", fromMs: 2_600, toMs: 2_900 },
      { name: "engine lost", kind: "lost", fromMs: 2_900, toMs: 3_450 },
      { name: "brief", kind: "one-order-short", fromMs: 3_450, toMs: 3_500 },
      { name: "engine starts", kind: "start", fromMs: 3_500, toMs: 4_500 },
      { name: "twice", kind: "both-orders", fromMs: 4_500, toMs: 6_000 },
      { name: "swapped order", kind: "swapped", fromMs: 6_000, toMs: 7_500 },
    ]);
  });
});

const START = { event: "session-start", format: JOURNAL_FORMAT, pid: 1, version: "0.1.0" } as const;
const FAILED = {
  event: "failed",
  order: "ab",
  reason: "server",
  message: "HTTP 500",
  final: false,
  request: 3,
} as const;
const PLAN_EVENT = {
  event: "plan",
  plan: {
    ...PLAN,
    ladder: PLAN.ladder.flatMap((step) => {
      if (step.kind === "both-orders") return [{ ...step, name: "twice" }];
      return step.kind === "one-order-short" ? [{ ...step, name: "brief" }] : [];
    }),
  },
} as const;
const PLANNER_STATE = {
  phase: "first-pass",
  step: "twice",
  reason: "stay",
  rows: 10,
  settled: 5,
  swapAnswered: 0,
  leftMs: null,
  ladder: [],
} as const;
const ENGINE = { event: "engine", detail: "" } as const;

const TWO_SESSIONS: readonly JournalEvent[] = [
  { ...START, at: 1_000_000 },
  { ...ENGINE, what: "ready", at: 1_000_900 },
  { ...PLAN_EVENT, at: 1_001_000 },
  answer(0, 100, 500, 1, 1_002_000),
  answer(1, 130, 500, 1, 1_002_001),
  answer(2, 60, 500, 2, 1_002_001),
  forecast({}, 1_002_500, 1_006_000),
  { event: "ladder-step", ...PLANNER_STATE, step: "brief", at: 1_002_600 },
  { ...ENGINE, what: "lost", at: 1_002_900 },
  { ...FAILED, rows: [3, 4], at: 1_003_000 },
  { ...FAILED, rows: [5], order: "ba", at: 1_003_000 },
  { ...FAILED, rows: [6], reason: "deadline", message: "the time for work is over", request: 4, at: 1_003_400 },
  { ...ENGINE, what: "back", at: 1_003_450 },
  { event: "checkpoint", at: 1_003_500 },
  { ...START, at: 9_000_000 },
  {
    event: "time-limits",
    at: 9_000_000,
    startedAt: 9_000_000,
    workEndAt: 9_008_000,
    guardAt: 9_009_000,
    deadlineAt: 9_010_000,
  },
  { ...ENGINE, what: "ready", at: 9_000_500 },
  { ...PLAN_EVENT, at: 9_001_000 },
  answer(3, 90, 500, 1, 9_001_500),
  forecast({ phase: "swap-pass", settled: 10 }, 9_002_500, 9_005_000),
  { event: "session-end", at: 9_004_000, status: "done" },
];

function forecast(more: Partial<ForecastEvent>, at: number, endAt: number): JournalEvent {
  return {
    event: "forecast",
    ...PLANNER_STATE,
    at,
    endAt,
    lowAt: endAt - 1_000,
    highAt: endAt + 1_000,
    probability: 1,
    msPerRow: null,
    lostMs: 0,
    swapAllowed: 0,
    swapShare: null,
    priorRows: null,
    silentMs: 0,
    ...more,
  };
}

function answer(row: number, tokens: number, ms: number, request: number, at: number): JournalEvent {
  return {
    event: "row",
    row,
    order: "ab",
    logProbs: [-1, -1.2, -1.1],
    mass: 0.5,
    bounded: false,
    tokens,
    cutTokens: 0,
    neutralised: 0,
    tokenBudget: null,
    attempts: 1,
    request,
    ms,
    at,
  };
}

async function journal(events: readonly JournalEvent[]): Promise<string> {
  const folder = await temporaryFolder();
  await writeFile(join(folder, "journal.jsonl"), events.map(encodeEvent).join(""));
  return join(folder, "journal.jsonl");
}
