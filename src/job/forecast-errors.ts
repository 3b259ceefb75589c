import type { History } from "../forecast/history.ts";

/** The error of the forecast that was made when a share of the rows was done. The forecast is of the end of the first pass. */
export interface ForecastError {
  readonly share: number;
  /** (forecast - true) / true, of the time that was left; above 0 the pass ended earlier than forecast. */
  readonly error: number;
  /** True when the true end lay in the 90 % interval. */
  readonly covered: boolean;
}

/**
 * Compares the forecasts at 2, 10 and 50 % of the rows with the end of the first pass. Empty when the pass did not end. Leaves
 * out forecasts that were made on another ladder step than the last one, since they were of other work.
 */
export function forecastErrors(history: History, endedAt: number | null): readonly ForecastError[] {
  if (endedAt === null) return [];
  return history.marks
    .filter(({ point }) => point.step === history.lastStep && endedAt > point.at)
    .map(({ share, point }) => ({
      share,
      error: (point.endAt - endedAt) / (endedAt - point.at),
      covered: point.lowAt <= endedAt && endedAt <= point.highAt,
    }));
}
