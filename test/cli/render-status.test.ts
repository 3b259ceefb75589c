import { describe, expect, test } from "vitest";
import { pauseAfterLook } from "../../src/cli/commands/status.ts";
import { renderRunsStatus, renderStatus, statusLines } from "../../src/cli/render/status.ts";
import type { RunStatus } from "../../src/commands/status.ts";

const NOW = Date.UTC(2026, 10, 29, 12);

/** A run whose first judge has answered all of 677 rows, while its process works on. */
const status: RunStatus = {
  folder: "/runs/job",
  state: "running",
  process: { pid: 7, host: "here" },
  startedAt: NOW - 60_000,
  lastAt: NOW,
  rows: { total: 677, scored: 677, bothOrders: 0 },
  rowsPerSecond: 4,
  forecast: null,
  deadlineAt: null,
  labelMass: 0.99,
  verdicts: [400, 277],
  failing: null,
  model: "small",
  second: { name: "careful", asGiven: 60, swapped: 5, model: "large" },
  submission: "/runs/job/submission.csv",
};

test.each([
  [5, 2_000],
  [222, 2_000],
  [1_000, 9_000],
])("a look at the status that took %i ms is followed by a pause of %i ms", (lookMs, pause) => {
  expect(pauseAfterLook(lookMs)).toBe(pause);
});

describe("the status of a run with two judges", () => {
  test("counts the second judge's answers in the line that follows the run, also in the short one", () => {
    const { text, shorter } = statusLines([status], NOW);
    expect(shorter).toBe("677/677 rows, careful: 65");
    expect(text).toMatch(/^677\/677 rows, careful: 65 · 4/);
    expect(statusLines([{ ...status, second: null }], NOW).shorter).toBe("677/677 rows");
  });

  test("adds up the answers of the judges with the same name in several runs", () => {
    const other = { ...status, second: { name: "careful", asGiven: 5, swapped: 0, model: "large" } };
    const third = { ...status, second: { name: "large", asGiven: 7, swapped: 1, model: null } };
    const { text, shorter } = statusLines([status, other, third, { ...status, second: null }], NOW);
    expect(shorter).toBe("2,708/2,708 rows, careful: 70, large: 8");
    expect(text).toBe(`${shorter} · 16.0 rows/s · 4 runs`);
  });

  test("counts them in the table of several runs, which has no such column without them", () => {
    const runs = [
      { ...status, name: "one" },
      { ...status, name: "two", second: null },
    ];
    expect(renderRunsStatus({ folder: "/runs", runs, report: null }, null)).toMatch(
      /second judge[^\n]*\n[^\n]*\n?one [^\n]*careful: 65/,
    );
    const alone = runs.map((run) => ({ ...run, second: null }));
    expect(renderRunsStatus({ folder: "/runs", runs: alone, report: null }, null)).not.toContain("second judge");
  });

  test("has no column of label masses that nobody knows, as with classifiers", () => {
    const runs = [
      { ...status, name: "one" },
      { ...status, name: "two", labelMass: null },
    ];
    expect(renderRunsStatus({ folder: "/runs", runs, report: null }, null)).toContain("label mass");
    const unknown = runs.map((run) => ({ ...run, labelMass: null }));
    const table = renderRunsStatus({ folder: "/runs", runs: unknown, report: null }, null);
    expect(table).not.toContain("label mass");
    expect(table).toMatch(/second judge +rows\/s +verdicts/);
  });

  test("begins every line of the status at the same column", () => {
    for (const line of renderStatus(status, NOW).split("\n")) expect(line).toMatch(/^[a-z ]{12} \S/);
  });
});
