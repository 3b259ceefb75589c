import { mean } from "../numbers/sums.ts";
import { type Controller, type Phase, settingAt, type Trial } from "./controller-state.ts";
import { highestLevel } from "./headroom.ts";
import { levelOf } from "./setting.ts";

/** The next level, its phase, and the levels measured so far in the search. */
export interface LevelDecision {
  readonly level: number;
  readonly phase: Phase;
  readonly trials: readonly Trial[];
  /** A level that was more than 15 % slower. It gets a ceiling, so that it is not tried again soon. */
  readonly regressed?: number;
}

/** A level is better when it is at least 3 % faster. Levels within 3 % of the fastest are equally good. */
const GAIN = 1.03;
/** A level with more than a minute of work in flight must be at least 10 % faster. */
const LARGE_GAIN = 1.1;
const MOST_WORK_MS = 60_000;
/** When more than 15 s of work are in flight, lower levels are tried, because an abort would lose that work. */
const HEAVY_WORK_MS = 15_000;
/**
 * With up to 5 s of work in flight the highest of the equally good levels is taken, so that the engine never waits for prompts.
 */
const LIGHT_WORK_MS = 5_000;
/**
 * After its first interval the search goes directly to the level that holds about 1 s of work, at most 512 prompts, because
 * that keeps an engine without batching busy.
 */
const FIRST_WORK_MS = 1_000;
const FIRST_LEVEL_LIMIT = 512;
const HIGHEST_LEVEL = 4_096;
/** Number of intervals for which a level is held before another level is probed: at first, and at most. */
const HOLD = 4;
const LONGEST_HOLD = 64;
/** A change of the speed by more than about 10 % ends the hold at once. */
const CHANGED = 0.9;
/** A higher level has regressed when it is more than 15 % slower. */
const REGRESSED = 0.85;
const RECENT = 3;
/** Factors by which successive probes change the level. */
const PROBES = [1.5, 1 / 1.5, 1.25, 1 / 1.25] as const;
const UP = 0;
const DOWN = 1;

/** Decides the next level from the speed of the interval that has ended, in units of work per ms. */
export function decideLevel(controller: Controller, speed: number): LevelDecision {
  const { phase } = controller;
  switch (phase.kind) {
    case "search":
      return search(controller, [...controller.trials, { level: levelOf(controller.setting), speed }]);
    case "hold":
      return hold(controller, phase, speed);
    case "probe":
      return {
        level: phase.base.level,
        phase: { ...phase, kind: "compare", probed: { level: levelOf(controller.setting), speed } },
        trials: controller.trials,
      };
    case "compare":
      return compare(controller, phase, speed);
    default:
      return phase satisfies never;
  }
}

/** Doubles the level while the speed rises, refines around the best level, and halves it where much work is in flight. */
function search(controller: Controller, trials: readonly Trial[]): LevelDecision {
  const level = nextLevel(controller, trials);
  if (level !== null) return { level, phase: { kind: "search" }, trials };
  const good = highestLight(controller, trials) ?? lowestGood(trials);
  const regressed = trials.find((one) => one.level > good.level && one.speed < REGRESSED * good.speed);
  return { ...settle(good.level, HOLD, UP), ...(regressed === undefined ? {} : { regressed: regressed.level }) };
}

function nextLevel(controller: Controller, trials: readonly Trial[]): number | null {
  const top = trials.reduce((a, b) => (b.level > a.level ? b : a));
  const best = fastest(trials);
  const good = lowestGood(trials);
  const up = higherLevel(controller, trials, top, best);
  if (up !== null) return up;
  // The highest level was slower than a lower one, so the best level lies near that lower level.
  if (best.level < top.level && top.speed * GAIN < best.speed) {
    const around = [1.5, 0.75].map((factor) => reachable(controller, Math.round(best.level * factor)));
    const untested = around.find((level) => level <= highestLevel(controller, now(controller)) && isNew(level, trials));
    if (untested !== undefined) return untested;
  }
  const half = reachable(controller, Math.floor(good.level / 2));
  const isLowest = trials.every(({ level }) => level >= good.level);
  return isLowest && half < good.level && workMs(controller, good.level) > HEAVY_WORK_MS ? half : null;
}

/**
 * Gives the next higher level to try; null when the highest level so far gained nothing, or when a higher one is not allowed.
 */
function higherLevel(controller: Controller, trials: readonly Trial[], top: Trial, best: Trial): number | null {
  const lower = trials.filter(({ level }) => level < top.level);
  const gain = lower.length === 0 ? null : top.speed / fastest(lower).speed;
  if (gain !== null && (gain < GAIN || top !== best)) return null;
  const first = Math.min(FIRST_LEVEL_LIMIT, 2 ** Math.floor(Math.log2(rowsIn(controller, FIRST_WORK_MS))));
  const wanted = Math.min(HIGHEST_LEVEL, Math.max(2 * top.level, first), highestLevel(controller, now(controller)));
  const level = reachable(controller, wanted);
  if (level <= top.level) return null;
  return workMs(controller, level) <= MOST_WORK_MS || (gain !== null && gain >= LARGE_GAIN) ? level : null;
}

function hold(controller: Controller, phase: Phase & { kind: "hold" }, speed: number): LevelDecision {
  const { trials } = controller;
  const base = levelOf(controller.setting);
  const speeds = [...phase.speeds, speed].slice(-RECENT);
  const recent = mean(speeds);
  const reference = phase.reference ?? (speeds.length === RECENT ? recent : null);
  const change = reference === null ? 1 : recent / reference;
  const hasChanged = change < CHANGED || change > 1 / CHANGED;
  const intervalsLeft = phase.intervalsLeft - 1;
  const stay: LevelDecision = { level: base, phase: { ...phase, intervalsLeft, speeds, reference }, trials };
  if (speeds.length < RECENT || (intervalsLeft > 0 && !hasChanged)) return stay;
  // After a change of speed the earlier measurements are no longer valid, so probes come as often as at the start.
  const length = hasChanged ? HOLD : phase.length;
  const nextProbe = change < CHANGED || isHeavy(controller) ? DOWN : hasChanged ? UP : phase.nextProbe;
  const level = neighbour(controller, PROBES[nextProbe] ?? 1);
  if (level === base) return settle(base, Math.min(LONGEST_HOLD, 2 * length), nextProbe + 1);
  return { level, phase: { kind: "probe", base: { level: base, speed: recent }, length, nextProbe }, trials };
}

/** Compares the probed level with the base level, which was measured before and after it. */
function compare(controller: Controller, phase: Phase & { kind: "compare" }, speed: number): LevelDecision {
  const { base, probed, length, nextProbe } = phase;
  const isLighter = probed.level < base.level && isHeavy(controller);
  // The level must be faster than the base level before and after it. Otherwise, if a slow period ended during the probe, the
  // gain would be credited to the probed level.
  const isBetter = isLighter
    ? probed.speed >= 0.99 * mean([base.speed, speed])
    : probed.speed > GAIN * Math.max(base.speed, speed);
  if (isBetter) return settle(probed.level, HOLD, nextProbe);
  const stay = settle(base.level, Math.min(LONGEST_HOLD, 2 * length), nextProbe + 1);
  const hasRegressed = probed.level > base.level && probed.speed < REGRESSED * mean([base.speed, speed]);
  return hasRegressed ? { ...stay, regressed: probed.level } : stay;
}

function settle(level: number, length: number, nextProbe: number): LevelDecision {
  return {
    level,
    phase: {
      kind: "hold",
      intervalsLeft: length,
      length,
      speeds: [],
      reference: null,
      nextProbe: nextProbe % PROBES.length,
    },
    trials: [],
  };
}

/** Gives the level that differs by a factor; the present level when the other one cannot be set or is not allowed. */
function neighbour(controller: Controller, factor: number): number {
  const level = levelOf(controller.setting);
  const wanted = Math.round(level * factor);
  const next = factor > 1 ? Math.max(level + 1, wanted) : Math.min(level - 1, wanted);
  const near = reachable(controller, Math.min(HIGHEST_LEVEL, next));
  if (near <= level) return near;
  return near <= highestLevel(controller, now(controller)) && workMs(controller, near) <= MOST_WORK_MS ? near : level;
}

/**
 * Tests whether much work is in flight: more than a minute of it, or more than 15 s while the engine's waiting queue is longer
 * than half of the level.
 */
function isHeavy(controller: Controller): boolean {
  const ms = workMs(controller, levelOf(controller.setting));
  return ms > MOST_WORK_MS || (ms > HEAVY_WORK_MS && controller.headroom.queues);
}

function fastest(trials: readonly Trial[]): Trial {
  return trials.reduce((best, one) => (one.speed > best.speed ? one : best));
}

/** Finds the highest level that is within 3 % of the fastest and has at most 5 s of work in flight; null when there is none. */
function highestLight(controller: Controller, trials: readonly Trial[]): Trial | null {
  const enough = fastest(trials).speed / GAIN;
  const light = trials.filter(({ level, speed }) => speed >= enough && workMs(controller, level) <= LIGHT_WORK_MS);
  return light.length === 0 ? null : light.reduce((a, b) => (b.level > a.level ? b : a));
}

/** Finds the lowest level that is within 3 % of the fastest. */
function lowestGood(trials: readonly Trial[]): Trial {
  const enough = fastest(trials).speed / GAIN;
  return trials.filter(({ speed }) => speed >= enough).reduce((a, b) => (b.level < a.level ? b : a));
}

function isNew(level: number, trials: readonly Trial[]): boolean {
  return trials.every((one) => one.level !== level);
}

/** Gives the nearest level that a setting can have, because requests and prompts per request are whole numbers. */
function reachable({ options }: Controller, level: number): number {
  return levelOf(settingAt(options, Math.max(1, level)));
}

/** Computes how long the engine needs for a level's prompts at the latest speed, ms; 0 before the first interval. */
function workMs({ latest }: Controller, level: number): number {
  return latest === null ? 0 : (level * latest.ms) / latest.rows;
}

function rowsIn({ latest }: Controller, ms: number): number {
  return latest === null ? 1 : Math.max(1, (ms * latest.rows) / latest.ms);
}

function now({ latest }: Controller): number {
  return latest?.endedAt ?? 0;
}
