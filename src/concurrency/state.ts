import { type Pace, startWindow, type Window } from "./interval.ts";
import { levelOf, type Setting, settingFor } from "./setting.ts";

/** What the search for a setting starts from. */
export interface ControlOptions {
  /** The first setting. */
  readonly start: Setting;
  /** Prompts per request, where they are fixed; null to find them too. */
  readonly promptsPerRequest: number | null;
}

/** A setting and how fast the engine was under it: units of work per ms. */
export interface Seen {
  readonly level: number;
  readonly speed: number;
}

/** What is being found out at the moment. */
export type Phase =
  /** Looking for the knee: this level is compared with those seen before. */
  | { readonly kind: "search" }
  /** The setting found is kept for some windows and its speed watched. */
  | {
      readonly kind: "hold";
      /** Windows until something else is tried. */
      readonly left: number;
      /** Windows of this whole stretch; it grows each time that trying found nothing. */
      readonly length: number;
      /** Mean speed of the first windows, and of the latest ones. */
      readonly speeds: readonly number[];
      readonly reference: number | null;
      /** Which step is tried next. */
      readonly turn: number;
    }
  /** Another level is tried for one window. */
  | { readonly kind: "try"; readonly base: Seen; readonly length: number; readonly turn: number }
  /** Back at the base for one window, so that a speed that changed meanwhile is not credited to the level tried. */
  | {
      readonly kind: "compare";
      readonly base: Seen;
      readonly tried: Seen;
      readonly length: number;
      readonly turn: number;
    };

/** The state of the controller of one engine: how much it is asked at once, and why. */
export interface Control {
  readonly options: ControlOptions;
  readonly setting: Setting;
  readonly phase: Phase;
  readonly window: Window;
  /** What this search has measured. */
  readonly seen: readonly Seen[];
  /** Mean tokens of a row in the first window, the weight of a row in the unit of work; null before. */
  readonly rowTokens: number | null;
  /** Rows answered so far. */
  readonly rows: number;
  /** The latest window. */
  readonly pace: Pace | null;
  readonly room: Headroom;
}

/** How much more may be asked of the engine before it gets into trouble. */
export interface Headroom {
  /** A level that led to trouble is not tried again before (monotonic ms). */
  readonly ceiling: number;
  readonly ceilingUntil: number;
  /** How long the ceiling stays; it doubles each time. */
  readonly ceilingMs: number;
  /** Level at which the key-value cache would be full. */
  readonly cacheLevel: number;
  /** Preemptions that the engine has counted; null before the first look. */
  readonly preemptions: number | null;
  /** Rows that were answered up to that look. */
  readonly rows: number;
  /** More than half of what is in flight waits inside the engine. */
  readonly queues: boolean;
  /** When the level was last lowered for trouble. */
  readonly loweredAt: number;
}

/** Puts a level into force from `now` on (monotonic ms). */
export function moveTo(control: Control, level: number, now: number): Control {
  const setting = settingOf(control.options, level);
  if (levelOf(setting) === levelOf(control.setting)) return control;
  // What the engine has counted so far, it counted under another setting.
  const room = { ...control.room, preemptions: null };
  return { ...control, setting, room, window: startWindow(now, windowRows(levelOf(setting))) };
}

/** The setting for a level; the start's own one where it has that level. */
export function settingOf({ start, promptsPerRequest }: ControlOptions, level: number): Setting {
  return level === levelOf(start) ? start : settingFor(level, promptsPerRequest);
}

/** Chooses the rows of a window: twice what is in flight, less where that would be many rows: the knee is to be found within few. */
export function windowRows(level: number): number {
  return Math.max(16, level, Math.min(2 * level, 96));
}

/** Shortest windows (ms): within less, a pause of the engine or of this process decides what is found. */
const SEARCH_MS = 200;
const STEADY_MS = 1_000;

/** Makes the next windows last long enough for the phase, at the speed of the latest one. */
export function lasting(control: Control): Control {
  const { pace, phase, setting, window } = control;
  if (pace === null) return control;
  const least = phase.kind === "search" ? SEARCH_MS : STEADY_MS;
  const rows = Math.max(windowRows(levelOf(setting)), Math.ceil((least * pace.rows) / pace.ms));
  return rows === window.rows ? control : { ...control, window: { ...window, rows } };
}
