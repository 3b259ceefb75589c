import { describe, expect, test } from "vitest";
import type { Step } from "../../src/deadline/ladder.ts";
import { progressLines, type ScoreProgress, troubleOf } from "../../src/job/progress.ts";
import type { FailureReason } from "../../src/schedule/types.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const NOW = new Date(2026, 10, 28, 15, 3).getTime();
const BOTH: Step = { name: "both-orders", kind: "both-orders", tokenBudget: null };
const SHORT: Step = { name: "brief", kind: "one-order-short", tokenBudget: 512 };
const PRIOR: Step = { name: "prior", kind: "prior", tokenBudget: 512 };

const FORECAST = {
  at: 0,
  rows: 12_590,
  remainingMs: 3 * HOUR + 39 * MINUTE,
  lowMs: 3 * HOUR + 31 * MINUTE,
  highMs: 3 * HOUR + 50 * MINUTE,
  probability: 0.999,
  msPerRow: 1_044,
  lostMs: 0,
};
const SWAP_PASS = { allowed: 0, begun: 0, share: 0.31, needsRanking: false };
const DECISION: ScoreProgress["decision"] = {
  phase: "first-pass",
  step: BOTH,
  forecast: FORECAST,
  leftMs: 4 * HOUR + 51 * MINUTE,
  stop: null,
  priorRows: 0,
  swapPass: SWAP_PASS,
  progress: { rows: 25_000, settled: 12_410, swapAnswered: 0 },
  silentMs: 900,
};

function lines(more: Partial<ScoreProgress["decision"]> = {}, counts: Partial<ScoreProgress> = {}): readonly string[] {
  const usual = {
    done: 12_410,
    total: 25_000,
    swapped: 0,
    second: null,
    prompts: 12_410,
    ms: 4 * HOUR,
    mass: null,
    verdicts: [0, 0, 0] as const,
    trouble: null,
    now: NOW,
    deadlineAt: null,
  };
  return progressLines({ ...usual, ...counts, decision: { ...DECISION, ...more } });
}

describe("the progress line", () => {
  test("shows rows, speed, the end with its interval, the spare time, and its use", () => {
    expect(lines()[0]).toBe(
      "12,410/25,000 rows · 0.96 rows/s · done in 3h39m (90 %: 3h31m to 3h50m) · 1h12m to spare · ends 18:42 · both orders for the undecided 31 %",
    );
  });

  test("puts the time of day of the end beside the deadline, and shows mass and verdicts so far", () => {
    const mass = { kind: "high", median: 0.6137 } as const;
    const counts = { deadlineAt: NOW + 4 * HOUR + 57 * MINUTE, mass, verdicts: [35, 34, 31] as const };
    expect(lines({}, counts)[0]).toBe(
      "12,410/25,000 rows · 0.96 rows/s · done in 3h39m (90 %: 3h31m to 3h50m) · 1h12m to spare · ends 18:42, deadline 20:00 · both orders for the undecided 31 % · mass 0.614 · A 35 %, B 34 %, tie 31 %",
    );
    expect(lines({}, { ...counts, deadlineAt: NOW + 33 * HOUR })[0]).toContain("ends 18:42, deadline 30 Nov 00:03 ·");
    expect(lines({}, { ...counts, verdicts: [3, 2, 1] })[0]).not.toContain("tie");
  });

  test.each([
    [18_000, "0.056 rows/s"],
    [1_010, "0.99 rows/s"],
    [990, "1.01 rows/s"],
    [20, "50.0 rows/s"],
    [0.8, "1,250 rows/s"],
  ])("gives the speed in one unit, however slow the engine is: %d ms a row", (msPerRow, text) => {
    expect(lines({ forecast: { ...FORECAST, msPerRow } })[0]).toContain(text);
  });

  test("leaves out the least important parts first on narrow terminals", () => {
    const all = lines();
    expect(all.find(({ length }) => length < 120)).toBe(
      "12,410/25,000 rows · done in 3h39m (90 %: 3h31m to 3h50m) · 1h12m to spare · ends 18:42",
    );
    expect(all.find(({ length }) => length < 80)).toBe(
      "12,410/25,000 rows · done in 3h39m (90 %: 3h31m to 3h50m) · 1h12m to spare",
    );
    expect(all.find(({ length }) => length < 60)).toBe("12,410/25,000 rows · done in 3h39m · 1h12m to spare");
    expect(all.at(-1)).toBe("12,410/25,000 rows");
  });

  test.each<[string, Partial<ScoreProgress["decision"]>, Partial<ScoreProgress>, string]>([
    [
      "while no speed is known",
      { forecast: null, phase: "pilot" },
      { done: 0, prompts: 0 },
      "0/25,000 rows · measuring the speed · both orders for the undecided 31 %",
    ],
    [
      "while every request fails, although a speed is known",
      {},
      { trouble: "the last 12 requests failed: the answer could not be used" },
      "12,410/25,000 rows · 0.96 rows/s · the last 12 requests failed: the answer could not be used · both orders for the undecided 31 %",
    ],
    [
      "before the first answer of a session, although a speed is known",
      {},
      { prompts: 0 },
      "12,410/25,000 rows · 0.96 rows/s · measuring the speed · both orders for the undecided 31 %",
    ],
    [
      "while the label mass is low",
      { leftMs: null },
      { mass: { kind: "too-low", median: 0.0012 } },
      "12,410/25,000 rows · 0.96 rows/s · done in 3h39m (90 %: 3h31m to 3h50m) · ends 18:42 · low label mass: 0.0012",
    ],
    [
      "without a deadline",
      { leftMs: null, step: { ...BOTH, kind: "one-order" } },
      {},
      "12,410/25,000 rows · 0.96 rows/s · done in 3h39m (90 %: 3h31m to 3h50m) · ends 18:42",
    ],
    [
      "when time is short, before a step is left",
      { leftMs: 3 * HOUR, swapPass: { ...SWAP_PASS, share: 0 } },
      {},
      "12,410/25,000 rows · 0.96 rows/s · done in 3h39m (90 %: 3h31m to 3h50m) · 39m00s too late · ends 18:42",
    ],
    [
      "on a shortened step",
      { step: SHORT },
      {},
      "12,410/25,000 rows · 0.96 rows/s · done in 3h39m (90 %: 3h31m to 3h50m) · 1h12m to spare · ends 18:42 · shorter context: brief",
    ],
    [
      "when some rows will keep the prior",
      { step: PRIOR, leftMs: HOUR, priorRows: 9_144 },
      {},
      "12,410/25,000 rows · 0.96 rows/s · time is up in 1h00m · no time for about 9,144 rows",
    ],
    [
      "in the swapped order, of which some rows came from an earlier session",
      {
        phase: "swap-pass",
        swapPass: { allowed: 3_000, begun: 1_200, share: 0.3, needsRanking: false },
        progress: { rows: 25_000, settled: 25_000, swapAnswered: 1_150 },
        forecast: { ...FORECAST, msPerRow: 250 },
      },
      { done: 25_000, swapped: 1_250 },
      "25,000/25,000 rows · 1,250/4,300 in both orders · 4.00 rows/s · done in 3h39m (90 %: 3h31m to 3h50m) · 1h12m to spare · ends 18:42",
    ],
    [
      "when the server does not answer",
      { silentMs: 125_000, leftMs: null },
      {},
      "12,410/25,000 rows · 0.96 rows/s · done in 3h39m (90 %: 3h31m to 3h50m) · ends 18:42 · no answer for 2m05s",
    ],
    [
      "when the time is over",
      { stop: { kind: "time-up", reason: "" }, leftMs: 0 },
      {},
      "12,410/25,000 rows · 0.96 rows/s · time is up",
    ],
    [
      "when everything is done",
      {
        stop: { kind: "complete", reason: "" },
        phase: "swap-pass",
        forecast: { ...FORECAST, rows: 0, msPerRow: null },
      },
      { done: 25_000, prompts: 25_000 },
      "25,000/25,000 rows · 1.74 rows/s",
    ],
  ])("is true %s", (_, more, counts, expected) => {
    expect(lines(more, counts)[0]).toBe(expected);
  });
});

const failing = (requests: number, reason: FailureReason) => ({ requests, reason, message: "internal" });

test.each([
  ["up", 9, null, null],
  ["up", 9, failing(2, "server"), null],
  ["up", 9, failing(3, "server"), "the last 3 requests failed: the server failed"],
  ["up", 0, failing(1, "connection"), "the last request failed: the connection broke"],
  ["up", 0, failing(1_200, "malformed"), "the last 1,200 requests failed: the answer could not be used"],
  ["recovering", 9, failing(3, "connection"), "waiting for the engine to come back"],
  ["given-up", 9, null, "no engine is left"],
] as const)(
  "no forecast is made while nothing is answered, and the line says why: %s, %i answered, %o",
  (status, scoredPrompts, failing, text) => {
    expect(troubleOf(status, { scoredPrompts, failing })).toBe(text);
  },
);
