import { expect, it } from "vitest";
import type { Progress } from "../../src/effects.ts";
import { createTellStep } from "../../src/job/report-step.ts";

it("tells what is done over many rows, and nothing of few, which are done before anybody has read it", () => {
  const told: Progress[] = [];
  const effects = { progress: (event: Progress) => told.push(event) };
  createTellStep(100, effects)("scoring");
  createTellStep(25_000, effects)("scoring");
  expect(told).toEqual([{ stage: "step", name: "scoring", text: "" }]);
});
