import { type MeasuredInterval, type OpenInterval, startInterval } from "./interval.ts";
import { levelOf, type Setting, settingFor } from "./setting.ts";

/** The start of the search for a setting. */
export interface ControllerOptions {
  /** The first setting. */
  readonly start: Setting;
  /** Prompts per request if their number is fixed; null if the controller also searches for it. */
  readonly promptsPerRequest: number | null;
}

/** A level (prompts in flight) and the speed that was measured there, in units of work per ms. */
export interface Trial {
  readonly level: number;
  readonly speed: number;
}

/** The stage of the search. */
export type Phase =
  /** Searches for the lowest level at which the engine is fastest. */
  | { readonly kind: "search" }
  /** Keeps the level that was found for some intervals, and monitors its speed. */
  | {
      readonly kind: "hold";
      /** Intervals left until another level is probed. */
      readonly intervalsLeft: number;
      /** Length of the hold, in intervals from its start. If the probe finds nothing better, the next hold is twice as long. */
      readonly length: number;
      /** Speeds of the latest intervals, at most 3, in units of work per ms. */
      readonly speeds: readonly number[];
      /** Mean speed of the hold's first 3 intervals; null before. */
      readonly reference: number | null;
      /** Index of the factor by which the next probe changes the level. */
      readonly nextProbe: number;
    }
  /** Measures another level for one interval. `length` is the length of the hold before. */
  | { readonly kind: "probe"; readonly base: Trial; readonly length: number; readonly nextProbe: number }
  /** Measures the base level again, because the engine may have become faster or slower during the probe for another reason. */
  | {
      readonly kind: "compare";
      readonly base: Trial;
      readonly probed: Trial;
      readonly length: number;
      readonly nextProbe: number;
    };

/** The state of the controller of one engine. */
export interface Controller {
  readonly options: ControllerOptions;
  readonly setting: Setting;
  readonly phase: Phase;
  readonly interval: OpenInterval;
  /** Levels that the present search has measured. */
  readonly trials: readonly Trial[];
  /** Mean tokens of a row in the first interval, from which the unit of work is computed; null before. */
  readonly rowTokens: number | null;
  /** Rows answered so far. */
  readonly rows: number;
  /** The latest measured interval; null before the first one. */
  readonly latest: MeasuredInterval | null;
  readonly headroom: Headroom;
}

/** The limits up to which the level may rise without overloading the engine. */
export interface Headroom {
  /** Highest level that may be used until `ceilingUntil` (monotonic ms), because a higher level failed. */
  readonly ceiling: number;
  readonly ceilingUntil: number;
  /** Duration of the next ceiling, ms; it doubles with each ceiling. */
  readonly ceilingMs: number;
  /** Level at which the key-value cache would be 85 % full. */
  readonly cacheLevel: number;
  /**
   * The engine's counter of preemptions at the poll from which they are counted; null before the first poll at this setting.
   */
  readonly preemptions: number | null;
  /** Rows answered by the time of that poll. */
  readonly rows: number;
  /** Whether the engine's waiting queue is longer than half of the level. */
  readonly queues: boolean;
  /** When the level was last lowered because of an overload or preemptions, monotonic ms. */
  readonly loweredAt: number;
}

/** Changes the level from `now` on (monotonic ms), and starts a new interval. */
export function moveTo(controller: Controller, level: number, now: number): Controller {
  const setting = settingAt(controller.options, level);
  if (levelOf(setting) === levelOf(controller.setting)) return controller;
  // The engine's counter of preemptions up to now belongs to another setting.
  const headroom = { ...controller.headroom, preemptions: null };
  return { ...controller, setting, headroom, interval: startInterval(now, rowsOfInterval(levelOf(setting))) };
}

/** Gives the setting for a level; the start setting if it has this level. */
export function settingAt({ start, promptsPerRequest }: ControllerOptions, level: number): Setting {
  return level === levelOf(start) ? start : settingFor(level, promptsPerRequest);
}

/**
 * Computes the smallest number of rows in an interval: twice the level up to 96 rows, above that the level itself, but at least
 * 16. So the search needs few rows.
 */
export function rowsOfInterval(level: number): number {
  return Math.max(16, level, Math.min(2 * level, 96));
}

/**
 * Shortest duration of an interval, ms, because in a shorter one a pause of the engine or of this process would dominate the
 * measurement.
 */
const SEARCH_MS = 200;
const STEADY_MS = 1_000;

/** Sets the rows of an interval so that, at the speed of the latest interval, it lasts long enough for the present phase. */
export function withLongEnoughIntervals(controller: Controller): Controller {
  const { latest, phase, setting, interval } = controller;
  if (latest === null) return controller;
  const leastMs = phase.kind === "search" ? SEARCH_MS : STEADY_MS;
  const rows = Math.max(rowsOfInterval(levelOf(setting)), Math.ceil((leastMs * latest.rows) / latest.ms));
  return rows === interval.rows ? controller : { ...controller, interval: { ...interval, rows } };
}
