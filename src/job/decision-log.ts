import type { Decision } from "../deadline/decision.ts";
import { decisionFigures } from "../deadline/decision.ts";
import type { JournalEvent } from "../runfolder/journal/events.ts";
import type { Clock, Log } from "../types.ts";

/** Shortest time between two forecasts in the journal, ms. */
const FORECAST_MS = 5_000;

/**
 * Creates what writes decisions down: every change of step and every stop at once and aloud, the forecast now and then, and with every phase.
 * The journal's figures are those of clock/decision.ts, times as ms since 1970.
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
    const figures = (): ReturnType<typeof decisionFigures> => decisionFigures(decision, at - clock.monotonic());
    if (decision.changed) {
      log("info", `step ${decision.step.name}: ${decision.reason}`);
      record({ event: "decision", name: "step", figures: figures(), at });
    }
    if (decision.stop !== null && !stopped) {
      stopped = true;
      if (decision.stop.kind !== "complete") log("warn", decision.stop.reason);
      record({ event: "decision", name: "stop", figures: { ...figures(), kind: decision.stop.kind }, at });
    }
    const isDue = decision.phase !== phase || decision.at - forecastAt >= FORECAST_MS;
    if (decision.forecast === null || !isDue) return;
    phase = decision.phase;
    forecastAt = decision.at;
    record({ event: "decision", name: "forecast", figures: figures(), at });
  };
}
