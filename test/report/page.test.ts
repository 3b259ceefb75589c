import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { ReportData, ReportRow } from "../../src/report/data/run-data.ts";
import { renderComparison } from "../../src/report/render-comparison.ts";
import { renderRun } from "../../src/report/render-run.ts";
import { CLASSES } from "../../src/types.ts";
import { hostile } from "./hostile.ts";
import { sampleReport } from "./sample.ts";
import { sampleComparison, sampleUnlabelled } from "./sample-comparison.ts";

const BARE: ReportData = {
  name: "runs/x",
  program: "abtie 0.1.0",
  madeAt: 0,
  facts: [],
  notes: [],
  warnings: [],
  classes: CLASSES,
  rows: [],
  timing: null,
  requests: [],
  forecasts: [],
  bands: [],
  quality: null,
  verdicts: null,
  fewLabels: null,
  judges: null,
  position: null,
  worst: [],
};

/** Every tag with the names of its attributes, in order. */
function skeleton(page: string): string[] {
  const body = page.slice(page.indexOf("<body>")).replace(/<script>[\s\S]*?<\/script>/, "");
  return [...body.matchAll(/<[^>]*>/g)].map(([tag]) => tag.replace(/="[^"]*"/g, ""));
}

describe("the page of a run", () => {
  test("allows its own style and script by their hashes and nothing else", () => {
    const page = renderRun(sampleReport(60));
    const policy = /http-equiv="Content-Security-Policy" content="([^"]*)"/.exec(page)?.[1] ?? "";
    const hash = (tag: string): string => {
      const text = new RegExp(`<${tag}>([\\s\\S]*?)</${tag}>`).exec(page)?.[1] ?? "";
      return `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
    };
    expect(policy.split("; ").sort()).toEqual(
      [
        "base-uri 'none'",
        "default-src 'none'",
        "form-action 'none'",
        `script-src ${hash("script")}`,
        `style-src ${hash("style")}`,
      ].sort(),
    );
    // The policy is of no use to what stands before it.
    expect(page.indexOf("<style")).toBeGreaterThan(page.indexOf("Content-Security-Policy"));
    expect(page).not.toMatch(/ style="| on\w+="|https?:\/\/|url\(|@import/);
  });

  test("names every fragment once, and links to none that is missing", () => {
    for (const page of [
      renderRun(sampleReport(60)),
      renderComparison(sampleComparison()),
      renderComparison(sampleUnlabelled()),
    ]) {
      const ids = [...page.matchAll(/ id="([^"]*)"/g)].map(([, id]) => id);
      expect(new Set(ids).size).toBe(ids.length);
      for (const [, target] of page.matchAll(/href="#([^"]*)"/g)) expect(ids).toContain(target);
    }
  });

  test("leaves out what has no data, with a sentence, and draws no empty chart", () => {
    const page = renderRun(BARE);
    expect(page).not.toContain("<svg");
    expect(page).not.toContain("<table");
    for (const left of [
      "Judgements: no row has probabilities.",
      "Quality, reliability and confusion: the rows have no labels.",
      "Slices: the rows have no labels.",
      "Time: the run folder holds no requests and no forecasts.",
      "Sources of the rows: there are no rows.",
      "Rows worth reading: none were chosen.",
    ]) {
      expect(page).toContain(`<li>${left}</li>`);
    }
  });

  test("shows rows without labels, without a clock and without label mass", () => {
    const sample = sampleReport(50);
    const rows = sample.rows.map((row) => ({ ...row, truth: null, mass: null }));
    const worst = sample.worst.map((row) => ({ ...row, loss: null, scored: { ...row.scored, truth: null } }));
    const page = renderRun({ ...BARE, rows, worst });
    expect(page).toContain("The least certain rows");
    expect(page).not.toContain("Distribution of the label mass");
    expect(page).not.toContain("by truth");
  });

  test("shows no NaN, Infinity or undefined, whatever numbers it is given", () => {
    const number = fc.oneof(
      fc.double({ min: -1e12, max: 1e12 }),
      fc.constantFrom(0, -1, 0.5, Number.NaN, Number.POSITIVE_INFINITY),
    );
    const time = fc.double({ min: 0, max: 1e10, noNaN: true });
    const row: fc.Arbitrary<ReportRow> = fc.record({
      id: fc.constant("7"),
      probabilities: fc.tuple(number, number, number),
      truth: fc.option(fc.tuple(number, number, number)),
      mass: fc.option(number),
      tokens: fc.option(number),
      cutTokens: number,
      source: fc.constantFrom("both-orders", "one-order", "one-order-short", "prior"),
      reason: fc.option(fc.constant("late")),
    });
    const request = fc.record({ endMs: number, ms: number, rows: number, tokens: number, ok: fc.boolean() });
    const pass = fc.constantFrom(1 as const, 2 as const);
    const forecast = fc.record({ atMs: number, share: number, pass, endMs: number, lowMs: number, highMs: number });
    const data = fc.record({
      rows: fc.array(row, { maxLength: 6 }),
      requests: fc.array(request, { maxLength: 6 }),
      forecasts: fc.array(forecast, { maxLength: 6 }),
      wallMs: time,
      deadlineMs: fc.option(time),
    });
    fc.assert(
      fc.property(data, ({ rows, requests, forecasts, wallMs, deadlineMs }) => {
        const timing = { startedAt: 0, wallMs, deadlineMs, watchdogMs: null, firstPassMs: null, startupMs: null };
        const worst = rows.map((scored) => ({ scored, loss: 1, row: { ...TEXT, id: "7", index: 0 } }));
        const page = renderRun({ ...BARE, rows, requests, forecasts, timing, worst });
        expect(page.slice(page.indexOf("<body>"), page.indexOf("<script>"))).not.toMatch(/NaN|Infinity|undefined/);
      }),
      { numRuns: 200 },
    );
  });
});

const TEXT = { prompts: ["p"], responsesA: ["a"], responsesB: ["b"] };

describe("data that is hostile", () => {
  test("changes no tag and no attribute of the page of a run, wherever it stands", () => {
    fc.assert(
      fc.property(hostile, (text) => {
        // The same text with every character of consequence made harmless, and the same length.
        const harmless = text.replace(/[<>&"'`=/\\]/g, "x");
        const page = (filling: string): string => renderRun(filled(filling));
        expect(skeleton(page(text))).toEqual(skeleton(page(harmless)));
      }),
      { numRuns: 60 },
    );
  });

  test("changes no tag and no attribute of the page of a comparison", () => {
    const sample = sampleComparison();
    const filledWith = (text: string): string =>
      renderComparison({
        ...sample,
        name: text,
        facts: [{ name: text, value: text }],
        notes: [text],
        warnings: [text],
        variants: sample.variants.map((variant) => ({ ...variant, name: text })),
        pairs: sample.pairs.map((pair) => ({ ...pair, first: text, second: text, sentence: text })),
        agreement: sample.agreement.map((pair) => ({
          ...pair,
          first: text,
          second: text,
          most: pair.most.map((row) => ({ ...row, id: text, prompt: text, responseA: text, responseB: text })),
        })),
      });
    fc.assert(
      fc.property(hostile, (text) => {
        expect(skeleton(filledWith(text))).toEqual(skeleton(filledWith(text.replace(/[<>&"'`=/\\]/g, "x"))));
      }),
      { numRuns: 40 },
    );
  });

  test("stays under 10 MB with 25,000 rows and 20 rows of three hidden megabytes", () => {
    const sample = sampleReport(25_000);
    const megabyte = "\u202E\u0000".repeat(500_000);
    const worst = sample.worst.map((row) => ({
      ...row,
      row: { ...row.row, prompts: [megabyte], responsesA: [megabyte], responsesB: [megabyte] },
    }));
    const page = renderRun({ ...sample, worst });
    expect(worst).toHaveLength(20);
    expect(Buffer.byteLength(page)).toBeLessThan(10_000_000);
    expect(page).toContain("994,000 further characters are in the data file only.");
  });
});

const sample = sampleReport(3);

function filled(text: string): ReportData {
  const rows = sample.rows.map((row) => ({ ...row, id: text, reason: text }));
  return {
    ...sample,
    name: text,
    program: text,
    facts: [{ name: text, value: text }],
    notes: [text],
    warnings: [text],
    rows,
    worst: rows.map((scored, index) => ({
      scored,
      loss: 1,
      row: { index, id: text, prompts: [text], responsesA: [text, null], responsesB: [text, text] },
    })),
    quality: sample.quality && {
      ...sample.quality,
      scores: sample.quality.scores.map((scores) => ({ ...scores, name: text })),
      baselines: [{ name: text, logLoss: 1, gain: { value: 0, low: null, high: null } }],
      reliability: sample.quality.reliability.map((series) => ({ ...series, name: text })),
      slices: sample.quality.slices.map((group) => ({
        name: text,
        slices: group.slices.map((slice) => ({ ...slice, name: text })),
      })),
    },
  };
}
