import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { inProcess } from "../helpers/in-process.ts";
import { attachTo, EVIDENCE, type Job, startJudge, writeJob } from "../helpers/job.ts";
import { until } from "../helpers/processes.ts";
import { seeded } from "../helpers/random.ts";
import { expectValid, readLines, summaryIn } from "../helpers/results.ts";

const ROWS = 300;
/** Time (ms) in which 60 % of the rows fit in full; start-up and reserve are added to it. */
const TIME_MS = 5_400;
const SHARE = 0.6;
const RESERVE_MS = 1_000;
const words = (row: number): number => (row % 3 === 0 ? 120 : 10);
const config = {
  concurrency: 2,
  prompts_per_request: 2,
  orders: "auto",
  time: { reserve: `${RESERVE_MS}ms`, short_context: 80 },
};

/** The label of every row, and the answer that its text suggests: the right one in seven of ten rows. */
const TRUTH = (() => {
  const random = seeded(60);
  return Array.from({ length: ROWS }, () => {
    const spoken = Math.floor(3 * random());
    return { spoken, label: random() < 0.7 ? spoken : (spoken + 1 + Math.floor(2 * random())) % 3 };
  });
})();
const better = (row: number): "a" | "b" | null => (["a", "b", null] as const)[TRUTH[row]?.spoken ?? 2] ?? null;

test("ends on time when only 60 % of the work fits, with an answer or a reason for every row, and better than by stopping", {
  timeout: 120_000,
}, async () => {
  const { startUpMs, tokens, whole } = await unhurried();
  const deadlineMs = 3 * startUpMs + TIME_MS + RESERVE_MS;
  const [degraded, stopped] = await Promise.all([
    hurried(deadlineMs, tokens, "degrade"),
    hurried(deadlineMs, tokens, "stop"),
  ]);
  expect(degraded.lateMs).toBeLessThan(0);
  expect(stopped.lateMs).toBeLessThan(0);

  const counts = { answered: 0, stated: 0 };
  for (const { ab, obtained, reason } of readLines(degraded.job.rowsFile)) {
    if (ab !== null) counts.answered += 1;
    else if (obtained === "prior" && reason !== null) counts.stated += 1;
    expect(reason).not.toBe("aborted");
  }
  expect(counts.answered + counts.stated).toBe(ROWS);
  expect(counts.answered).toBeGreaterThan(SHARE * ROWS);

  // Rows in the order of the file until the time is used up, the prior for the rest: the result of a program without a clock.
  const dead = TRUTH.map((_, row) => (row < SHARE * ROWS ? (whole[row] ?? []) : [1 / 3, 1 / 3, 1 / 3]));
  const losses = {
    degraded: lossOf(probabilitiesIn(degraded.job)),
    stopped: lossOf(probabilitiesIn(stopped.job)),
    dead: lossOf(dead),
  };
  expect(losses.degraded).toBeLessThan(losses.stopped - 0.02);
  expect(losses.degraded).toBeLessThan(losses.dead - 0.02);
  expect(summaryIn(stopped.job.folder)).toMatchObject({ end: "overrun" });
});

/** A run without a deadline: its answers, its tokens, and the time of its start on this machine now. */
async function unhurried() {
  await using judge = await startJudge({ evidence: EVIDENCE });
  const job = await writeJob({ engine: attachTo(judge), rows: ROWS, words, better, config });
  expect(await inProcess(["run", "job.yaml"], job.folder)).toMatchObject({ status: 0 });
  const { seconds, session } = JSON.parse(readFileSync(`${job.folder}/run/summary.json`, "utf8"));
  return { startUpMs: 1000 * seconds.startUp, tokens: session.promptTokens as number, whole: probabilitiesIn(job) };
}

/** A run whose server gets its speed when scoring begins, since the time of the start is not known before. */
async function hurried(deadlineMs: number, tokens: number, onOverrun: "degrade" | "stop") {
  const workMs = TIME_MS / SHARE;
  await using judge = await startJudge({
    evidence: EVIDENCE,
    msPerToken: workMs / tokens,
    noise: 0.3,
    constantMs: 5,
  });
  const time = { ...config.time, on_overrun: onOverrun };
  const job = await writeJob({ engine: attachTo(judge), rows: ROWS, words, better, config: { ...config, time } });
  const deadline = performance.now() + deadlineMs;
  const ended = inProcess(["run", "job.yaml", "--deadline", `${Math.round(deadlineMs)}ms`], job.folder);
  await until("scoring begins", () => judge.stats.prompts > PROBES);
  const leftMs = deadline - RESERVE_MS - performance.now();
  judge.change({ msPerToken: Math.max(leftMs, 1_000) / SHARE / tokens });
  await ended;
  return { job, lateMs: performance.now() - deadline };
}

/** Prompts that probe a server before rows are sent. */
const PROBES = 4;

function probabilitiesIn(job: Job): readonly (readonly number[])[] {
  return expectValid(job.submission, job.ids).map(({ winner_model_a, winner_model_b, winner_tie }) =>
    [winner_model_a, winner_model_b, winner_tie].map(Number),
  );
}

function lossOf(rows: readonly (readonly number[])[]): number {
  return rows.reduce((sum, row, index) => sum - Math.log(row[TRUTH[index]?.label ?? 0] ?? Number.NaN), 0) / rows.length;
}
