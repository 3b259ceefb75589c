import { levelOf } from "./setting.ts";
import { type Control, type Headroom, moveTo } from "./state.ts";

/** The part of an engine's metrics that matters here; null where the engine does not report it. */
export interface Load {
  readonly running: number | null;
  readonly waiting: number | null;
  /** Share in use, 0 to 1. */
  readonly kvCacheUsage: number | null;
  readonly preemptions: number | null;
}

const CEILING_MS = 300_000;
/** The cache is filled to this share at most when the level is raised. */
const CACHE_SHARE = 0.85;
/** Below this use of the cache it says nothing about how much more fits. */
const CACHE_LEAST = 0.05;

/** Preemptions throw work away; this share of the rows, over some rounds of what is in flight, is trouble. */
const THROWN_OUT = 0.02;
const LOOK_ROUNDS = 4;

/** Nothing is known to be in the way. */
export const FREE: Headroom = {
  ceiling: Number.POSITIVE_INFINITY,
  ceilingUntil: 0,
  ceilingMs: CEILING_MS,
  cacheLevel: Number.POSITIVE_INFINITY,
  preemptions: null,
  rows: 0,
  queues: false,
  loweredAt: Number.NEGATIVE_INFINITY,
};

/** Lowers the level when the engine refused a request for its load, or did not answer in time. */
export function afterOverload(control: Control, request: { startedAt: number; finishedAt: number }): Control {
  // What was sent before the last step down says nothing about the level now.
  if (request.startedAt < control.room.loweredAt) return control;
  return lower(control, 0.5, request.finishedAt);
}

/** Takes a look at the engine's own figures into account. `now` is monotonic, ms. */
export function afterLoad(control: Control, load: Load, now: number): Control {
  const level = levelOf(control.setting);
  const { preemptions, rows } = control.room;
  const since = control.rows - rows;
  const isLong = preemptions === null || since >= LOOK_ROUNDS * level;
  const room: Headroom = {
    ...control.room,
    preemptions: isLong ? load.preemptions : preemptions,
    rows: isLong ? control.rows : rows,
    cacheLevel: cacheLevel(load, level),
    queues: load.waiting !== null && load.waiting > level / 2,
  };
  const thrownOut = preemptions === null || load.preemptions === null ? 0 : load.preemptions - preemptions;
  if (thrownOut <= THROWN_OUT * Math.max(since, LOOK_ROUNDS * level)) return { ...control, room };
  const { preemptions: counted } = load;
  return lower({ ...control, room: { ...room, preemptions: counted, rows: control.rows } }, 0.85, now);
}

function cacheLevel({ kvCacheUsage }: Load, level: number): number {
  if (kvCacheUsage === null || kvCacheUsage < CACHE_LEAST) return Number.POSITIVE_INFINITY;
  return Math.max(1, Math.floor((level * CACHE_SHARE) / kvCacheUsage));
}

/** The highest level that may be tried now. */
export function highest({ room, setting }: Control, now: number): number {
  const ceiling = now < room.ceilingUntil ? room.ceiling : Number.POSITIVE_INFINITY;
  return Math.max(1, Math.min(ceiling, Math.max(levelOf(setting), room.cacheLevel)));
}

/** Keeps the level below one that was trouble, for a time that doubles with each time. */
export function keepBelow(control: Control, level: number, now: number): Control {
  const { ceilingMs } = control.room;
  const room = { ...control.room, ceiling: level - 1, ceilingUntil: now + ceilingMs, ceilingMs: 2 * ceilingMs };
  return { ...control, room };
}

function lower(control: Control, share: number, now: number): Control {
  const level = levelOf(control.setting);
  const kept = keepBelow(control, Math.floor(level * (1 + share) * 0.5) + 1, now);
  const lowered = moveTo(kept, Math.max(1, Math.floor(level * share)), now);
  const phase = { kind: "hold", left: 4, length: 4, speeds: [], reference: null, turn: 0 } as const;
  return { ...lowered, room: { ...lowered.room, loweredAt: now }, phase, seen: [] };
}
