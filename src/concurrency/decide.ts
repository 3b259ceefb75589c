import { mean } from "../numbers/sums.ts";
import { highest } from "./headroom.ts";
import { levelOf } from "./setting.ts";
import { type Control, type Phase, type Seen, settingOf } from "./state.ts";

/** What comes next: the level, what it is for, and what has been seen so far. */
export interface Decision {
  readonly level: number;
  readonly phase: Phase;
  readonly seen: readonly Seen[];
  /** A level that was so much slower that it is not to be tried again soon. */
  readonly hurt?: number;
}

/** A level is better when it is faster by this share; what is nearer to the best is as good. */
const GAIN = 1.03;
/** Beyond a minute of work in flight only a gain like this justifies more. */
const LARGE_GAIN = 1.1;
const MOST_MS = 60_000;
/** Work in flight that an abort may cost without regret; above it less is tried. */
const FINE_MS = 15_000;
/** Up to so much work in flight, more is taken for nothing: an engine that never waits is worth the last per cent. */
const AMPLE_MS = 5_000;
/** An engine that takes rows one by one is kept busy by this much work in flight. */
const PIPELINE_MS = 1_000;
const PIPELINE_LEVEL = 512;
const MOST = 4_096;
/** Windows for which a setting is kept before another is tried; at first, and at most. */
const HOLD = 4;
const LONGEST_HOLD = 64;
/** A change of speed by this share is looked into at once. */
const FALL = 0.9;
const HURT = 0.85;
const RECENT = 3;
/** What is tried in turn while a setting is kept. */
const STEPS = [1.5, 1 / 1.5, 1.25, 1 / 1.25] as const;
const UP = 0;
const DOWN = 1;

/** Decides what to do with the speed of a window that has ended (units of work per ms). */
export function decide(control: Control, speed: number): Decision {
  const { phase } = control;
  switch (phase.kind) {
    case "search":
      return search(control, [...control.seen, { level: levelOf(control.setting), speed }]);
    case "hold":
      return hold(control, phase, speed);
    case "try":
      return {
        level: phase.base.level,
        phase: { ...phase, kind: "compare", tried: { level: levelOf(control.setting), speed } },
        seen: control.seen,
      };
    case "compare":
      return compare(control, phase, speed);
    default:
      return phase satisfies never;
  }
}

/** Doubles while that helps, refines where it has hurt, and halves where much time is in flight. */
function search(control: Control, seen: readonly Seen[]): Decision {
  const level = nextLevel(control, seen);
  if (level !== null) return { level, phase: { kind: "search" }, seen };
  const good = fullest(control, seen) ?? smallestGood(seen);
  const hurt = seen.find((one) => one.level > good.level && one.speed < HURT * good.speed);
  return { ...settle(good.level, HOLD, 0), ...(hurt === undefined ? {} : { hurt: hurt.level }) };
}

function nextLevel(control: Control, seen: readonly Seen[]): number | null {
  const top = seen.reduce((a, b) => (b.level > a.level ? b : a));
  const best = fastest(seen);
  const good = smallestGood(seen);
  const up = higher(control, seen, top, best);
  if (up !== null) return up;
  // Doubling hurt: the best lies somewhere around.
  if (best.level < top.level && top.speed * GAIN < best.speed) {
    const around = [1.5, 0.75].map((step) => reachable(control, Math.round(best.level * step)));
    const untried = around.find((level) => level <= highest(control, now(control)) && isNew(level, seen));
    if (untried !== undefined) return untried;
  }
  const half = reachable(control, Math.floor(good.level / 2));
  const isLowest = seen.every(({ level }) => level >= good.level);
  return isLowest && half < good.level && inFlightMs(control, good.level) > FINE_MS ? half : null;
}

function higher(control: Control, seen: readonly Seen[], top: Seen, best: Seen): number | null {
  const lower = seen.filter(({ level }) => level < top.level);
  const gain = lower.length === 0 ? null : top.speed / fastest(lower).speed;
  if (gain !== null && (gain < GAIN || top !== best)) return null;
  const quick = Math.min(PIPELINE_LEVEL, 2 ** Math.floor(Math.log2(rowsIn(control, PIPELINE_MS))));
  const level = reachable(control, Math.min(MOST, Math.max(2 * top.level, quick), highest(control, now(control))));
  if (level <= top.level) return null;
  return inFlightMs(control, level) <= MOST_MS || (gain !== null && gain >= LARGE_GAIN) ? level : null;
}

function hold(control: Control, phase: Phase & { kind: "hold" }, speed: number): Decision {
  const { seen } = control;
  const base = levelOf(control.setting);
  const speeds = [...phase.speeds, speed].slice(-RECENT);
  const recent = mean(speeds);
  const reference = phase.reference ?? (speeds.length === RECENT ? recent : null);
  const change = reference === null ? 1 : recent / reference;
  const changed = change < FALL || change > 1 / FALL;
  const left = phase.left - 1;
  const stay: Decision = { level: base, phase: { ...phase, left, speeds, reference }, seen };
  if (speeds.length < RECENT || (left > 0 && !changed)) return stay;
  // Another engine, so to speak: what was learned about the old one is worth little.
  const length = changed ? HOLD : phase.length;
  const turn = change < FALL || isHeavy(control) ? DOWN : changed ? UP : phase.turn;
  const level = neighbour(control, STEPS[turn] ?? 1);
  if (level === base) return settle(base, Math.min(LONGEST_HOLD, 2 * length), turn + 1);
  return { level, phase: { kind: "try", base: { level: base, speed: recent }, length, turn }, seen };
}

function compare(control: Control, phase: Phase & { kind: "compare" }, speed: number): Decision {
  const { base, tried, length, turn } = phase;
  const lighter = tried.level < base.level && isHeavy(control);
  // Better than before and than after: else the end of a passing slowness would be credited to what was tried in it.
  const isBetter = lighter
    ? tried.speed >= 0.99 * mean([base.speed, speed])
    : tried.speed > GAIN * Math.max(base.speed, speed);
  if (isBetter) return settle(tried.level, HOLD, turn);
  if (tried.level > base.level && tried.speed < HURT * mean([base.speed, speed])) {
    return { ...settle(base.level, Math.min(LONGEST_HOLD, 2 * length), turn + 1), hurt: tried.level };
  }
  return settle(base.level, Math.min(LONGEST_HOLD, 2 * length), turn + 1);
}

function settle(level: number, length: number, turn: number): Decision {
  const phase = { kind: "hold", left: length, length, speeds: [], reference: null, turn: turn % STEPS.length } as const;
  return { level, phase, seen: [] };
}

/** The level a step away, or this one when there is none or it must not be tried. */
function neighbour(control: Control, step: number): number {
  const level = levelOf(control.setting);
  const next = step > 1 ? Math.max(level + 1, Math.round(level * step)) : Math.min(level - 1, Math.round(level * step));
  const near = reachable(control, Math.min(MOST, next));
  if (near <= level) return near;
  return near <= highest(control, now(control)) && inFlightMs(control, near) <= MOST_MS ? near : level;
}

/** So much is in flight that an abort would cost much, and the engine has it waiting, or nobody knows. */
function isHeavy(control: Control): boolean {
  const ms = inFlightMs(control, levelOf(control.setting));
  return ms > MOST_MS || (ms > FINE_MS && control.room.queues);
}

function fastest(seen: readonly Seen[]): Seen {
  return seen.reduce((best, one) => (one.speed > best.speed ? one : best));
}

/** The highest level that is as good as the best and holds little work in flight; null when all of them hold much. */
function fullest(control: Control, seen: readonly Seen[]): Seen | null {
  const enough = fastest(seen).speed / GAIN;
  const ample = seen.filter(({ level, speed }) => speed >= enough && inFlightMs(control, level) <= AMPLE_MS);
  return ample.length === 0 ? null : ample.reduce((a, b) => (b.level > a.level ? b : a));
}

/** The lowest level that is as good as the best. */
function smallestGood(seen: readonly Seen[]): Seen {
  const enough = fastest(seen).speed / GAIN;
  return seen.filter(({ speed }) => speed >= enough).reduce((a, b) => (b.level < a.level ? b : a));
}

function isNew(level: number, seen: readonly Seen[]): boolean {
  return seen.every((one) => one.level !== level);
}

/** The level that a setting really has: prompts per request are whole. */
function reachable({ options }: Control, level: number): number {
  return levelOf(settingOf(options, Math.max(1, level)));
}

function inFlightMs({ pace }: Control, level: number): number {
  return pace === null ? 0 : (level * pace.ms) / pace.rows;
}

function rowsIn({ pace }: Control, ms: number): number {
  return pace === null ? 1 : Math.max(1, (ms * pace.rows) / pace.ms);
}

function now({ pace }: Control): number {
  return pace?.endedAt ?? 0;
}
