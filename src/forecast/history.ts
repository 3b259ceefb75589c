import type { Forecast } from "./forecast.ts";

/** A forecast of the end of the first pass, made at `at` on the ladder step `step`. Times are monotonic, ms. */
export interface ForecastPoint {
  readonly at: number;
  readonly step: string;
  /** Expected end of the pass, and its 90 % interval. */
  readonly endAt: number;
  readonly lowAt: number;
  readonly highAt: number;
}

/** The forecasts of one first pass that are later compared with its true end. */
export interface History {
  /** Rows of the first pass. */
  readonly rows: number;
  readonly marks: readonly Mark[];
  /** Ladder step of the latest forecast; null before the first one. */
  readonly lastStep: string | null;
}

/** The first forecast that was made after this share of the rows was settled. */
export interface Mark {
  readonly share: number;
  readonly point: ForecastPoint;
}

/** The error of a forecast of the end of the first pass, made when this share of the rows was settled. */
export interface ForecastError {
  readonly share: number;
  /** (forecast - true) / true, where both are the time that was left. Above 0, the pass ended earlier than forecast. */
  readonly error: number;
  /** True when the true end lay in the 90 % interval. */
  readonly covered: boolean;
}

/** When these shares of the rows are settled, the forecast is kept and later compared with the true end. */
const MARKED_SHARES = [0.02, 0.1, 0.5] as const;

/** Starts the history of a first pass with this number of rows. */
export function startHistory(rows: number): History {
  return { rows, marks: [], lastStep: null };
}

/** Adds a forecast that was made when `settled` rows of the first pass were settled. */
export function addForecast(
  { rows, marks }: History,
  { at, remainingMs, lowMs, highMs }: Forecast,
  settled: number,
  step: string,
): History {
  const point = { at, step, endAt: at + remainingMs, lowAt: at + lowMs, highAt: at + highMs };
  const isMarked = (share: number): boolean => marks.some((mark) => mark.share === share);
  const passed = MARKED_SHARES.filter((share) => settled >= share * rows && !isMarked(share));
  return { rows, marks: [...marks, ...passed.map((share) => ({ share, point }))], lastStep: step };
}

/**
 * Compares the forecasts at 2, 10 and 50 % of the rows with the end of the first pass. Empty when the pass did not end. Leaves
 * out forecasts that were made on another ladder step than the last one, because they were forecasts of other work.
 */
export function forecastErrors({ marks, lastStep }: History, endedAt: number | null): readonly ForecastError[] {
  if (endedAt === null) return [];
  return marks
    .filter(({ point }) => point.step === lastStep && endedAt > point.at)
    .map(({ share, point }) => ({
      share,
      error: (point.endAt - endedAt) / (endedAt - point.at),
      covered: point.lowAt <= endedAt && endedAt <= point.highAt,
    }));
}
