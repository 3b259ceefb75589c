import type { Estimate } from "./fit.ts";

/** Whether a job will be done in time. */
export interface Verdict {
  /** tight: the estimate is in time, the end of its interval is not. */
  readonly fits: "yes" | "tight" | "no";
  /** Time for work: the deadline less the reserve, ms. */
  readonly availableMs: number;
  /** What is left over at the estimate; negative when it is late, ms. */
  readonly spareMs: number;
}

/** Compares a forecast with the time there is. */
export function judgeTime(forecast: Estimate, availableMs: number): Verdict {
  const fits = forecast.high <= availableMs ? "yes" : forecast.value <= availableMs ? "tight" : "no";
  return { fits, availableMs, spareMs: availableMs - forecast.value };
}
