import { type Controller, type Headroom, moveTo } from "./controller-state.ts";
import { levelOf } from "./setting.ts";

/** The metrics of an engine that limit the level; null for each one that the engine does not report. */
export interface EngineLoad {
  readonly running: number | null;
  readonly waiting: number | null;
  /** Share of the key-value cache in use, 0 to 1. */
  readonly kvCacheUsage: number | null;
  readonly preemptions: number | null;
}

const FIRST_CEILING_MS = 300_000;
/** The level is raised only until the key-value cache is filled to this share. */
const CACHE_SHARE = 0.85;
/** When less than this share of the cache is in use, the usage does not show how many more prompts fit. */
const LEAST_CACHE_USAGE = 0.05;

/**
 * A preemption discards work. When it happens to more than 2 % of the rows, counted over at least 4 times the level, the level
 * is too high.
 */
const PREEMPTED_SHARE = 0.02;
const COUNTED_LEVELS = 4;
const AFTER_PREEMPTIONS = 0.85;
const AFTER_OVERLOAD = 0.5;

/** The headroom before any level has failed. */
export const NO_CEILING: Headroom = {
  ceiling: Number.POSITIVE_INFINITY,
  ceilingUntil: 0,
  ceilingMs: FIRST_CEILING_MS,
  cacheLevel: Number.POSITIVE_INFINITY,
  preemptions: null,
  rows: 0,
  queues: false,
  loweredAt: Number.NEGATIVE_INFINITY,
};

/** Halves the level when the engine refused a request because it was overloaded, or when it did not answer in time. */
export function afterOverload(controller: Controller, request: { startedAt: number; finishedAt: number }): Controller {
  // A request that was sent before the level was last lowered failed at the former, higher level.
  if (request.startedAt < controller.headroom.loweredAt) return controller;
  return lower(controller, AFTER_OVERLOAD, request.finishedAt);
}

/**
 * Updates the headroom from the metrics of a poll, and lowers the level by 15 % when the engine preempts too often. `now` is
 * monotonic, ms.
 */
export function afterPoll(controller: Controller, load: EngineLoad, now: number): Controller {
  const level = levelOf(controller.setting);
  const { preemptions, rows } = controller.headroom;
  const rowsSince = controller.rows - rows;
  const countsAnew = preemptions === null || rowsSince >= COUNTED_LEVELS * level;
  const headroom: Headroom = {
    ...controller.headroom,
    preemptions: countsAnew ? load.preemptions : preemptions,
    rows: countsAnew ? controller.rows : rows,
    cacheLevel: cacheLevelOf(load, level),
    queues: load.waiting !== null && load.waiting > level / 2,
  };
  const preempted = preemptions === null || load.preemptions === null ? 0 : load.preemptions - preemptions;
  if (preempted <= PREEMPTED_SHARE * Math.max(rowsSince, COUNTED_LEVELS * level)) return { ...controller, headroom };
  const counted: Headroom = { ...headroom, preemptions: load.preemptions, rows: controller.rows };
  return lower({ ...controller, headroom: counted }, AFTER_PREEMPTIONS, now);
}

/** Forgets what the metrics of the engine said, because they turned out to be those of one worker of several. */
export function withoutMetrics(controller: Controller): Controller {
  const headroom = { ...controller.headroom, cacheLevel: Number.POSITIVE_INFINITY, preemptions: null, queues: false };
  return { ...controller, headroom };
}

function cacheLevelOf({ kvCacheUsage }: EngineLoad, level: number): number {
  if (kvCacheUsage === null || kvCacheUsage < LEAST_CACHE_USAGE) return Number.POSITIVE_INFINITY;
  return Math.max(1, Math.floor((level * CACHE_SHARE) / kvCacheUsage));
}

/** Gives the highest level that may be tried now (monotonic ms); never less than 1. */
export function highestLevel({ headroom, setting }: Controller, now: number): number {
  const ceiling = now < headroom.ceilingUntil ? headroom.ceiling : Number.POSITIVE_INFINITY;
  return Math.max(1, Math.min(ceiling, Math.max(levelOf(setting), headroom.cacheLevel)));
}

/**
 * Sets the ceiling just below a level that failed. The first ceiling lasts 5 minutes, and each one lasts twice as long as the
 * one before.
 */
export function setCeiling(controller: Controller, level: number, now: number): Controller {
  const { ceilingMs } = controller.headroom;
  return {
    ...controller,
    headroom: {
      ...controller.headroom,
      ceiling: level - 1,
      ceilingUntil: now + ceilingMs,
      ceilingMs: 2 * ceilingMs,
    },
  };
}

/** Lowers the level to a share of itself and sets a ceiling halfway between the old and the new level. */
function lower(controller: Controller, share: number, now: number): Controller {
  const level = levelOf(controller.setting);
  const limited = setCeiling(controller, Math.floor(level * (1 + share) * 0.5) + 1, now);
  const lowered = moveTo(limited, Math.max(1, Math.floor(level * share)), now);
  return {
    ...lowered,
    headroom: { ...lowered.headroom, loweredAt: now },
    phase: { kind: "hold", intervalsLeft: 4, length: 4, speeds: [], reference: null, nextProbe: 0 },
    trials: [],
  };
}
