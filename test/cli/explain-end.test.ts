import { describe, expect, test } from "vitest";
import { explainEnd } from "../../src/cli/explain-end.ts";
import { neverAnsweredFailure } from "../../src/job/failure.ts";

const START = Date.parse("2026-01-01T00:00:00Z");
const watch = (ms: number) => ({ at: START, deadlineAt: START + ms, output: null, complete: false });
const never = { end: "deadline", started: false, lastStage: null, lastError: null, logEnd: [] } as const;

describe("a run that had only seconds", () => {
  test.each([1, 2, 3, 4, 9])("blames a deadline of %i s, and neither the input nor the engine", (seconds) => {
    const end = explainEnd(watch(1_000 * seconds), START);
    expect(end).toMatch(new RegExp(`^the deadline is too short: it was ${seconds} s after the start`));
    const { message } = neverAnsweredFailure({ ...never, workMs: 800 * seconds });
    expect(message).toMatch(/^The deadline is too short: it left .* for the start/);
    for (const text of [end, message]) expect(text).not.toMatch(/disk is slow|doctor/);
  });

  test("has an engine to blame when a request failed", () => {
    const { message } = neverAnsweredFailure({ ...never, started: true, workMs: 3_000, lastError: "502 Bad Gateway" });
    expect(message).toContain("The engine answered no row before the time for work was over");
  });

  test("is not one with time enough, without a deadline, or with an engine that was lost", () => {
    expect(explainEnd(watch(60_000), START)).toContain("look at why the input or its disk is slow");
    for (const other of [{ workMs: 60_000 }, { workMs: null }, { workMs: 1_000, end: "engine-lost" as const }]) {
      expect(neverAnsweredFailure({ ...never, ...other }).message).toContain("No engine was ready");
    }
  });
});
