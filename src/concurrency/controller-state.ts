import { type MeasuredInterval, type OpenInterval, startInterval } from "./interval.ts";
import { levelOf, type Setting, settingFor } from "./setting.ts";

/** Where the search for a setting starts. */
export interface ControllerOptions {
  /** The first setting. */
  readonly start: Setting;
  /** Prompts per request when they are fixed; null to search for them too. */
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
  /** Keeps the level found for some intervals and watches its speed. */
  | {
      readonly kind: "hold";
      /** Intervals until another level is probed. */
      readonly intervalsLeft: number;
      /** Intervals of the whole hold; it doubles each time that a probe found nothing better. */
      readonly length: number;
      /** Speeds of the latest intervals, at most 3. */
      readonly speeds: readonly number[];
      /** Mean speed of the first 3 intervals; null before. */
      readonly reference: number | null;
      /** Index of the factor by which the next probe changes the level. */
      readonly nextProbe: number;
    }
  /** Measures another level for one interval. `length` is that of the hold before. */
  | { readonly kind: "probe"; readonly base: Trial; readonly length: number; readonly nextProbe: number }
  /** Measures the base level once more, so that a change of speed that happened meanwhile is not credited to the other level. */
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
  /** Levels that this search has measured. */
  readonly trials: readonly Trial[];
  /** Mean tokens of a row in the first interval, the weight of a row in the unit of work; null before. */
  readonly rowTokens: number | null;
  /** Rows answered so far. */
  readonly rows: number;
  /** The latest interval that was measured. */
  readonly latest: MeasuredInterval | null;
  readonly headroom: Headroom;
}

/** How far the level may rise before the engine is overloaded. */
export interface Headroom {
  /** Highest level that may be used until `ceilingUntil` (monotonic ms), since a higher one failed. */
  readonly ceiling: number;
  readonly ceilingUntil: number;
  /** How long the next ceiling will last, ms; it doubles each time. */
  readonly ceilingMs: number;
  /** Level at which the key-value cache would be 85 % full. */
  readonly cacheLevel: number;
  /** Preemptions that the engine had counted at the latest poll; null before the first one. */
  readonly preemptions: number | null;
  /** Rows that had been answered at that poll. */
  readonly rows: number;
  /** Whether more than half of the prompts in flight wait inside the engine. */
  readonly queues: boolean;
  /** When the level was last lowered because the engine was overloaded, monotonic ms. */
  readonly loweredAt: number;
}

/** Changes the level from `now` on (monotonic ms), and starts a new interval. */
export function moveTo(controller: Controller, level: number, now: number): Controller {
  const setting = settingAt(controller.options, level);
  if (levelOf(setting) === levelOf(controller.setting)) return controller;
  // The engine counted its preemptions so far under another setting.
  const headroom = { ...controller.headroom, preemptions: null };
  return { ...controller, setting, headroom, interval: startInterval(now, rowsOfInterval(levelOf(setting))) };
}

/** Gives the setting for a level: the start's own setting where it has that level. */
export function settingAt({ start, promptsPerRequest }: ControllerOptions, level: number): Setting {
  return level === levelOf(start) ? start : settingFor(level, promptsPerRequest);
}

/** Computes the fewest rows of an interval: twice the level up to 96 rows, then the level, so that the search needs few rows. */
export function rowsOfInterval(level: number): number {
  return Math.max(16, level, Math.min(2 * level, 96));
}

/** Shortest intervals, ms: in a shorter one a pause of the engine or of this process would decide the result. */
const SEARCH_MS = 200;
const STEADY_MS = 1_000;

/** Asks for so many rows that the next interval lasts long enough for the phase, at the speed of the latest one. */
export function withLongEnoughIntervals(controller: Controller): Controller {
  const { latest, phase, setting, interval } = controller;
  if (latest === null) return controller;
  const leastMs = phase.kind === "search" ? SEARCH_MS : STEADY_MS;
  const rows = Math.max(rowsOfInterval(levelOf(setting)), Math.ceil((leastMs * latest.rows) / latest.ms));
  return rows === interval.rows ? controller : { ...controller, interval: { ...interval, rows } };
}
