import type { Decision } from "../../runfolder/journal/events.ts";
import type { ForecastPoint } from "../data/run-data.ts";

/**
 * Reads a decision named "forecast" as a point of the forecast: `share` of the work done, and `endAt`, `lowAt`, `highAt`
 * (ms since 1970) with its 90 % interval. None when the decision is another or lacks one of them.
 */
export function forecastOf(event: Decision, elapsed: (at: number) => number): readonly ForecastPoint[] {
  if (event.name !== "forecast") return [];
  const { share, endAt, lowAt, highAt, phase } = event.figures;
  if (!(isNumber(share) && isNumber(endAt) && isNumber(lowAt) && isNumber(highAt))) return [];
  const end = { endMs: elapsed(endAt), lowMs: elapsed(lowAt), highMs: elapsed(highAt) };
  return [{ atMs: elapsed(event.at), share, pass: phase === "second-pass" ? 2 : 1, ...end }];
}

function isNumber(value: unknown): value is number {
  return typeof value === "number";
}
