import { expect, it } from "vitest";
import type { Progress } from "../../src/effects.ts";
import { createReportStep } from "../../src/job/report-step.ts";

it("tells what is done over many rows, and nothing of few, which are done before anybody has read it", () => {
  const told: Progress[] = [];
  const effects = { progress: (event: Progress) => told.push(event) };
  createReportStep(100, effects)("scoring");
  createReportStep(25_000, effects)("scoring");
  expect(told).toEqual([{ stage: "step", name: "scoring", text: "" }]);
});
