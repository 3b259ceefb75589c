import { expect, test } from "vitest";
import type { Progress } from "../../src/effects.ts";
import { createReportStep } from "../../src/job/report-step.ts";

test("shows the step over many rows, and none over few, which would end before its name could be read", () => {
  const shown: Progress[] = [];
  const effects = { progress: (event: Progress) => shown.push(event) };
  createReportStep(100, effects)("scoring");
  createReportStep(25_000, effects)("scoring");
  expect(shown).toEqual([{ stage: "step", name: "scoring", text: "" }]);
});
