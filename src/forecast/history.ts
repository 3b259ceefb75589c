import type { Forecast } from "./forecast.ts";

/** A forecast at a moment, as the report and the picture need it. Times are monotonic, ms. */
export interface HistoryPoint {
  readonly at: number;
  /** Rows of the first pass that were settled. */
  readonly settled: number;
  readonly step: string;
  readonly pass: 1 | 2;
  /** Expected end of the pass, and its 90 % interval. */
  readonly endAt: number;
  readonly lowAt: number;
  readonly highAt: number;
}

/** The forecasts of a run: thinned out evenly, and those at the shares of rows that accuracy is reported for. */
export interface History {
  readonly rows: number;
  readonly points: readonly HistoryPoint[];
  /** Shortest time between two points, ms; doubles when there are too many. */
  readonly spacingMs: number;
  readonly marks: readonly Mark[];
}

/** The first forecast after a share of the rows was settled. */
export interface Mark {
  readonly share: number;
  readonly point: HistoryPoint;
}

/** Shares of the first pass at which the forecast is judged afterwards. */
export const MARKED_SHARES = [0.02, 0.1, 0.5] as const;

const MOST_POINTS = 400;

/** Starts the history of a first pass of so many rows. */
export function startHistory(rows: number): History {
  return { rows, points: [], spacingMs: 0, marks: [] };
}

/** Adds a forecast; changes of step are always kept. */
export function addForecast(
  history: History,
  forecast: Forecast,
  place: Pick<HistoryPoint, "settled" | "step" | "pass">,
): History {
  const { at } = forecast;
  const point: HistoryPoint = {
    at,
    ...place,
    endAt: at + forecast.remainingMs,
    lowAt: at + forecast.lowMs,
    highAt: at + forecast.highMs,
  };
  const last = history.points.at(-1);
  const isDue = last === undefined || at - last.at >= history.spacingMs || last.step !== point.step;
  const points = isDue ? [...history.points, point] : history.points;
  return thinOut({ ...history, points, marks: markPassed(history, point) });
}

function markPassed({ rows, marks }: History, point: HistoryPoint): readonly Mark[] {
  if (point.pass !== 1 || rows === 0) return marks;
  const passed = MARKED_SHARES.filter((share) => point.settled >= share * rows);
  const fresh = passed.filter((share) => !marks.some((mark) => mark.share === share));
  return fresh.length === 0 ? marks : [...marks, ...fresh.map((share) => ({ share, point }))];
}

function thinOut(history: History): History {
  if (history.points.length < MOST_POINTS) return history;
  const points = history.points.filter(
    ({ step }, i, all) => i % 2 === 0 || i === all.length - 1 || step !== all[i - 1]?.step,
  );
  const [first, last] = [points[0], points.at(-1)];
  const span = first === undefined || last === undefined ? 0 : last.at - first.at;
  return { ...history, points, spacingMs: span / (MOST_POINTS / 2) };
}
