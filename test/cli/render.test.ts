import { describe, expect, test } from "vitest";
import { renderComparisonTable } from "../../src/cli/render/comparison.ts";
import { renderSummary } from "../../src/cli/render/summary.ts";
import { columnLines, tableLines, terminalText } from "../../src/cli/render/table.ts";
import type { Comparison } from "../../src/compare/conclude.ts";
import type { RunSummary } from "../../src/job/summary.ts";
import { numberCell, numberColumn, textColumn } from "../../src/report/tables/table.ts";
import { sampleComparison, sampleUnlabelled } from "../report/sample-comparison.ts";

const SUMMARY: RunSummary = {
  end: "done",
  failure: null,
  files: { submission: "s.csv", runFolder: "run", rows: "rows.jsonl", journal: "j", clock: null, serverLog: null },
  engine: { name: "vllm", version: null, method: null },
  second: null,
  calibration: null,
  rows: {
    "second-judge-both-orders": 0,
    "second-judge-one-order": 0,
    "both-orders": 0,
    "one-order": 1,
    "one-order-short": 0,
    prior: 1,
    total: 2,
  },
  reasons: { "the time was over": 1 },
  marks: { shortened: 1, neutralised: 0, lowMass: 1, bounded: 0 },
  labelMass: { median: 0.00123, p5: 6.04e-11 },
  seconds: { total: 3, startUp: 1, scoring: 2 },
  usage: null,
  bothOrders: null,
  forecasts: [],
  session: { scoredPrompts: 1, promptTokens: 100, requests: 1, failedRequests: 0, resumedRows: 1 },
  truth: null,
};

const COMMAND = "abtie run 'my job.yaml'";

describe("the end of a run on the terminal", () => {
  test("scores only answered rows and counts the others, and names the command that continues", () => {
    const truth = { logLoss: 1, priorLogLoss: 1.05, accuracy: 0.5, rows: 8, ties: 0, fallbacks: 12 };
    const text = renderSummary({ ...SUMMARY, end: "interrupted", truth }, COMMAND);
    expect(text).toContain("accuracy 50.0 %, 8 rows (12 rows without an answer left out)");
    expect(text.split("\n").at(-1)).toBe(`to continue  ${COMMAND}`);
    expect(renderSummary({ ...SUMMARY, end: "engine-lost" }, COMMAND)).toContain("to continue");
    expect(renderSummary({ ...SUMMARY, end: "done" }, COMMAND)).not.toContain("to continue");
    const ties = renderSummary({ ...SUMMARY, truth: { ...truth, fallbacks: 1, ties: 2 } }, COMMAND);
    expect(ties).toContain("(1 row without an answer left out; 2 rows that are labelled as ties were left out");
  });

  test("counts one row as a row, and gives small label masses two significant digits", () => {
    const text = renderSummary(SUMMARY, COMMAND);
    expect(text).toContain("done: 1 of 2 rows scored");
    expect(text).toContain("fallback for 1 row: the time was over");
    expect(text).toContain("1 row came from an earlier session");
    expect(text).toContain("label mass   median 0.0012, 5th percentile 6e-11");
    expect(text).toContain("1 request\n");
    expect(text).not.toMatch(/\b1 (rows|requests|prompts)\b/);
  });

  test("names no start of an engine when the session sent no request", () => {
    expect(renderSummary(SUMMARY, COMMAND)).toContain("1 s until the engine was ready");
    const seconds = { ...SUMMARY.seconds, startUp: null };
    const again = { ...SUMMARY, seconds, session: { ...SUMMARY.session, requests: 0, scoredPrompts: 0 } };
    expect(renderSummary(again, COMMAND)).toMatch(/\ntime {9}3 s\n/);
  });

  test("prints no number that is not finite", () => {
    const broken = JSON.parse(JSON.stringify(SUMMARY), (_, value) => (typeof value === "number" ? Number.NaN : value));
    expect(
      renderSummary({ ...broken, bothOrders: { pairs: 1, flipRate: Number.NaN, positionBias: Number.NaN } }, COMMAND),
    ).not.toMatch(/NaN|Infinity|undefined/);
  });
});

describe("tables on the terminal", () => {
  test("put the interval behind its number and stand in columns", () => {
    const table = {
      caption: "x",
      columns: [textColumn("Name"), numberColumn("Loss")],
      rows: [
        [
          { text: "one", below: "left out" },
          { text: "0.5", below: "0.4 to 0.6" },
        ],
        [{ text: "two" }, numberCell(Number.NaN, String)],
      ],
    };
    expect(terminalText(tableLines(table, null))).toBe(
      "Name               Loss\none    0.5 (0.4 to 0.6)\ntwo                   -",
    );
    expect(
      columnLines(
        [
          ["a", "bb"],
          ["ccc", "d"],
        ],
        null,
      ),
    ).toBe("a     bb\nccc    d");
  });

  test("stand in columns where they fit, and else row by row, each cell behind its heading", () => {
    const lines = [
      ["Row", "Distance", "Prompt"],
      ["7", "12 %", "who wrote it"],
      ["8", "3 %", "why"],
    ];
    expect(columnLines(lines, 32)).toBe(
      "Row   Distance         Prompt\n7         12 %   who wrote it\n8          3 %            why",
    );
    expect(columnLines(lines, 28)).toBe(
      "Row: 7\n  Distance: 12 %\n  Prompt: who wrote it\n\nRow: 8\n  Distance: 3 %\n  Prompt: why",
    );
  });

  test("of a comparison keep to any width, and lose no number to it", () => {
    for (const report of [sampleComparison(), sampleUnlabelled()]) {
      const wide = renderComparisonTable({ report } as Comparison, null);
      for (const columns of [200, 80, 40, 30]) {
        const shown = renderComparisonTable({ report } as Comparison, columns);
        for (const line of shown.split("\n")) expect(line.length, line).toBeLessThanOrEqual(columns);
        for (const number of wide.match(/\d+(\.\d+)?/g) ?? []) expect(shown).toContain(number);
      }
    }
  });
});
