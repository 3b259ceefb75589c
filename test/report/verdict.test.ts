import { describe, expect, test } from "vitest";
import type { ComparisonData } from "../../src/report/data/comparison-data.ts";
import type { Quality, ReportData } from "../../src/report/data/run-data.ts";
import { comparisonVerdict } from "../../src/report/text/comparison-verdict.ts";
import { runVerdict } from "../../src/report/text/verdict.ts";
import { around, sampleReport } from "./sample.ts";
import { sampleComparison } from "./sample-comparison.ts";

const sample = sampleReport(100);
const HOUR = 3_600_000;
const answered = sample.rows.map((row) => ({ ...row, source: "one-order" as const }));

function run(change: Partial<ReportData>): ReportData {
  return { ...sample, rows: answered, timing: null, quality: null, ...change };
}

/** A log loss, and half the width of the interval of what is gained over the class prior; its own is far wider. */
function judged(value: number, half: number): Quality {
  const [first] = sample.quality?.scores ?? [];
  if (sample.quality === null || first === undefined) throw new Error("the sample has no scores");
  const baselines = [
    { name: "uniform", logLoss: 1.099, gain: around(1.099 - value, half) },
    { name: "class prior", logLoss: 1.097, gain: around(1.097 - value, half) },
  ];
  return { ...sample.quality, scores: [{ ...first, logLoss: around(value, 0.5) }], baselines };
}

const TIMES = { startedAt: 0, deadlineMs: 9 * HOUR, watchdogMs: null, firstPassMs: null, startupMs: null };

describe("the verdict on a run", () => {
  test("praises a run whose rows are all answered, in time, and better than the best of the baselines", () => {
    const timing = { ...TIMES, wallMs: 6 * HOUR };
    expect(runVerdict(run({ timing, quality: judged(0.98, 0.01) }))).toEqual({
      tone: "good",
      sentence:
        "All 100\u00a0rows are answered, the run ended 3h00m before its deadline, and the log loss is 0.980, better than the class prior (1.097) by 0.117 (95\u00a0% 0.107 to 0.127).",
      also: [],
    });
  });

  test("does not call a log loss better whose gain over the baseline may be none", () => {
    const { tone, sentence } = runVerdict(run({ quality: judged(1.09, 0.02) }));
    expect(tone).toBe("mixed");
    expect(sentence).toContain(
      "not distinguishable from the class prior (1.097): better by 0.007 (95\u00a0% \u22120.013 to 0.027)",
    );
  });

  test("says so when the probabilities are worse than guessing", () => {
    const { tone, sentence } = runVerdict(run({ quality: judged(1.234, 0.02) }));
    expect(tone).toBe("bad");
    expect(sentence).toContain(
      "worse than the class prior (1.097) by 0.137 (95\u00a0% 0.117 to 0.157): calibrate before use",
    );
  });

  test("says so when the run was late", () => {
    const timing = { ...TIMES, wallMs: 10 * HOUR };
    expect(runVerdict(run({ timing }))).toMatchObject({
      tone: "bad",
      sentence: "All 100\u00a0rows are answered, and the run ended 1h00m after its deadline.",
    });
  });

  test.each([
    [2, "mixed"],
    [60, "bad"],
  ])("counts %d rows without an answer and calls it %s", (many, tone) => {
    const rows = answered.map((row, index) => (index < many ? { ...row, source: "prior" as const } : row));
    expect(runVerdict(run({ rows }))).toMatchObject({
      tone,
      sentence: `${100 - many} of 100 rows are answered and ${many} hold the fallback.`,
    });
  });

  test("has a sentence for a run without rows", () => {
    expect(runVerdict(run({ rows: [] }))).toMatchObject({ tone: "bad", sentence: "There are no rows." });
  });
});

describe("the verdict on a comparison", () => {
  const data = sampleComparison();
  const change = (next: Partial<ComparisonData>) => comparisonVerdict({ ...data, ...next });

  test("names the best of those that fit, and the better one that does not", () => {
    const fast = data.variants.filter(({ name }) => name !== "plain.jinja");
    expect(change({ variants: fast })).toEqual({
      tone: "mixed",
      sentence:
        "rules.jinja is the best of those that fit the deadline: log loss 0.937 (95\u00a0% 0.907 to 0.967) on 612\u00a0rows.",
      also: [
        "rules.jinja takes 8h08m for the job and fits its deadline.",
        "rules.jinja, both orders has a lower log loss, 0.929 (95\u00a0% 0.899 to 0.959), but takes 16h03m and does not fit the deadline.",
      ],
    });
  });

  test("does not call a variant the best that is not shown to be better than every other", () => {
    const pairs = data.pairs.map((pair) => ({ ...pair, better: null }));
    const { tone, sentence } = change({ pairs });
    expect(tone).toBe("mixed");
    expect(sentence).toContain(
      "but on 612\u00a0rows it is not shown to be better than plain.jinja or side-by-side.jinja",
    );
  });

  test("is not misled by a pair that goes the other way", () => {
    const pairs = data.pairs.map(
      (pair) => ({ ...pair, better: pair.better === "first" ? "second" : "first" }) as const,
    );
    expect(change({ pairs }).sentence).toContain("it is not shown to be better");
  });

  test("says so when even the best is not shown to be better than the class prior", () => {
    const variants = data.variants.map((variant) => ({ ...variant, gainOverPrior: around(0.01, 0.02) }));
    expect(change({ variants }).also.at(-1)).toBe(
      "rules.jinja is not shown to be better than the class prior (log loss 1.052): its gain is 0.010 (95\u00a0% \u22120.010 to 0.030).",
    );
  });

  test("recommends nothing when no variant fits", () => {
    const variants = data.variants.map((variant) => ({ ...variant, fits: false }));
    expect(change({ variants })).toMatchObject({ tone: "bad", sentence: "No variant fits the deadline." });
  });

  test("has a sentence for one variant and for none", () => {
    expect(change({ variants: data.variants.slice(0, 1), pairs: [] }).sentence).toContain("plain.jinja has no rival");
    expect(change({ variants: [], pairs: [] }).sentence).toBe("There is nothing to compare.");
  });
});
