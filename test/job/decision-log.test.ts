import { expect, test } from "vitest";
import { createDecisionLog } from "../../src/job/decision-log.ts";
import { encodeEvent, type ForecastEvent, type JournalEvent } from "../../src/runfolder/journal/events.ts";
import { drive, newState, stepsOf } from "../deadline/states.ts";
import { eventsOf, write } from "../runfolder/samples.ts";

const SHORTENED = [
  { name: "half", tokenBudget: 50 },
  { name: "tenth", tokenBudget: 10 },
];
/** Wall time at monotonic 0. */
const OFFSET = 1_000_000;

test("records a change of step and the stop at once and once, a forecast now and then, all of it readable", async () => {
  // 400 rows of 100 tokens at 1 s each are too many for 5 minutes; a tenth of the tokens fits.
  const run = drive(newState(400, { deadlineMs: 300_000, steps: stepsOf("one", SHORTENED) }));
  const events: JournalEvent[] = [];
  const said: string[] = [];
  const clock = { now: () => OFFSET + run.now(), monotonic: run.now, sleep: () => Promise.resolve() };
  const log = createDecisionLog({
    record: (event) => events.push(event),
    clock,
    log: (level, text) => said.push(`${level}: ${text}`),
  });
  run.score(20, 1_000);
  const first = run.decide();
  log(first);
  log(run.decide());
  run.score(380, 100);
  log(run.decide());
  log(run.decide());

  expect(events.map(({ event }) => event)).toEqual(["ladder-step", "forecast", "stop", "forecast"]);
  expect(events[0]).toMatchObject({
    at: OFFSET + first.at,
    phase: "first-pass",
    step: "tenth",
    settled: 20,
    ladder: first.steps.map(({ step, tokens, probability }) => ({ name: step.name, tokens, probability })),
  });
  const forecast = events[1] as ForecastEvent;
  expect(forecast.endAt).toBe(Math.round(first.at + (first.forecast?.remainingMs ?? 0) + OFFSET));
  expect([forecast.lowAt < forecast.endAt, forecast.endAt < forecast.highAt]).toEqual([true, true]);
  expect(events[2]).toMatchObject({ kind: "complete", settled: 400 });
  expect(said).toEqual([expect.stringMatching(/^info: step tenth: down: /)]);

  expect(await eventsOf(await write(events.map(encodeEvent).join("")))).toEqual(events);
});
