import type { Decision } from "../deadline/decision.ts";
import type { ForecastEvent, JournalEvent, LadderStepEvent } from "../runfolder/journal/events.ts";
import type { Clock, Log } from "../types.ts";

/** Shortest time between two forecasts in the journal, ms. */
const FORECAST_MS = 5_000;

/**
 * Creates a function that gets every decision of the planner and records the important ones: a change of ladder step and the
 * stop at once, and a forecast at most every 5 s and at each new phase. A change and a stop also get a line in the log, except
 * the stop of a complete run.
 */
export function createDecisionLog(options: {
  record: (event: JournalEvent) => void;
  clock: Clock;
  log: Log;
}): (decision: Decision) => void {
  const { record, clock, log } = options;
  let forecastAt = Number.NEGATIVE_INFINITY;
  let stopped = false;
  let phase: Decision["phase"] | null = null;
  return (decision) => {
    const at = clock.now();
    if (decision.changed) {
      log("info", `step ${decision.step.name}: ${decision.reason}`);
      record({ event: "ladder-step", ...plannerState(decision, at) });
    }
    if (decision.stop !== null && !stopped) {
      stopped = true;
      if (decision.stop.kind !== "complete") log("warn", decision.stop.reason);
      record({ event: "stop", ...plannerState(decision, at), kind: decision.stop.kind });
    }
    if (decision.phase === phase && decision.at - forecastAt < FORECAST_MS) return;
    const forecast = forecastEvent(decision, at, clock.monotonic());
    if (forecast === null) return;
    phase = decision.phase;
    forecastAt = decision.at;
    record(forecast);
  };
}

/** Collects the fields that every event of the planner has. `at` is the wall time of the decision, ms since 1970. */
function plannerState(decision: Decision, at: number): Omit<LadderStepEvent, "event"> {
  return {
    at,
    phase: decision.phase,
    step: decision.step.name,
    reason: decision.reason,
    rows: decision.progress.rows,
    settled: decision.progress.settled,
    swapAnswered: decision.progress.swapAnswered,
    leftMs: decision.leftMs,
    ladder: decision.steps.map(({ step, tokens, probability }) => ({ name: step.name, tokens, probability })),
  };
}

/** Makes the forecast event; null when the planner has no forecast. The decision's monotonic times become ms since 1970. */
function forecastEvent(decision: Decision, at: number, monotonic: number): ForecastEvent | null {
  const { forecast, swapPass, priorRows, silentMs } = decision;
  if (forecast === null) return null;
  const wallTime = (ms: number): number => Math.round(decision.at + ms + at - monotonic);
  return {
    event: "forecast",
    ...plannerState(decision, at),
    endAt: wallTime(forecast.remainingMs),
    lowAt: wallTime(forecast.lowMs),
    highAt: wallTime(forecast.highMs),
    probability: forecast.probability,
    msPerRow: forecast.msPerRow,
    lostMs: Math.round(forecast.lostMs),
    swapAllowed: swapPass.allowed,
    swapShare: swapPass.share,
    priorRows,
    silentMs: Math.round(silentMs),
  };
}
