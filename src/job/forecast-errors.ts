import type { History } from "../forecast/history.ts";

/** How far a forecast of the first pass's end was off, when a share of the rows was done. */
export interface ForecastError {
  readonly share: number;
  /** (foreseen - true) / true of the time that was left; above 0 the run ended earlier than foreseen. */
  readonly error: number;
  /** The 90 % interval held the true end. */
  readonly covered: boolean;
}

/**
 * Compares the forecasts at 2, 10 and 50 % of the rows with the end of the first pass. Empty when it did not end, and for
 * shares that were passed in another step than the one it ended with, since those forecasts were of other work.
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
