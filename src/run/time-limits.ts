import type { Config } from "../config/config.ts";
import { parseDuration } from "../config/duration.ts";
import { AbtieError } from "../errors.ts";
import type { Effects } from "./effects.ts";

/** When a run must have ended. All times are ms since 1970. */
export interface TimeLimits {
  readonly deadline: number | null;
  /** Aborts at the end of work or when the person interrupts. */
  readonly signal: AbortSignal;
  /** Arms the last safeguard for a complete file that is in place. */
  readonly guard: (file: string) => void;
}

/** The reserve before the deadline: 2 % of the whole, at least 60 s, at most a fifth. */
const RESERVE_SHARE = 0.02;
const RESERVE_MIN_MS = 60_000;
const RESERVE_MAX_SHARE = 0.2;
/** The guard ends the process at this share of the reserve before the deadline. */
const GUARD_SHARE = 0.25;

/** Starts the clock of a run: work ends when the reserve begins, and the guard stands close before the deadline. */
export function armTimeLimits(config: Pick<Config, "time">, effects: Effects): TimeLimits {
  const { clock } = effects;
  const { time } = config;
  if (time.deadline === null) return { deadline: null, signal: effects.signal, guard: () => {} };
  const now = clock.now();
  const from = time.startedAt === null ? now : Date.parse(time.startedAt);
  const deadline = parseDeadline(time.deadline, from, now);
  if (deadline <= now) {
    throw new AbtieError("config", `the deadline ${new Date(deadline).toISOString()} has passed: give a later one`);
  }
  const whole = deadline - now;
  const usual = Math.max(RESERVE_MIN_MS, RESERVE_SHARE * whole);
  const reserve = Math.min(time.reserveMs ?? usual, RESERVE_MAX_SHARE * whole);
  const controller = new AbortController();
  sleepUntil(now + whole - reserve, effects).then(
    () => controller.abort(new AbtieError("interrupted", "the time for work is over")),
    () => {},
  );
  return {
    deadline,
    signal: AbortSignal.any([effects.signal, controller.signal]),
    guard: (file) => effects.guard(deadline - GUARD_SHARE * reserve, file),
  };
}

/** Longest single timer (ms): those of Node overflow after 24 days. */
const TIMER_MS = 86_400_000;

async function sleepUntil(at: number, { clock, signal }: Pick<Effects, "clock" | "signal">): Promise<void> {
  const end = clock.monotonic() + at - clock.now();
  for (let left = end - clock.monotonic(); left > 0; left = end - clock.monotonic()) {
    await clock.sleep(Math.min(left, TIMER_MS), signal);
  }
}

/** Reads "9h" (from `from`), "18:30" (the next one after `now`, local time) or an ISO date and time, as ms since 1970. */
export function parseDeadline(text: string, from: number, now: number): number {
  const duration = parseDuration(text);
  if (duration !== null) return from + duration;
  const time = /^(\d{1,2}):(\d{2})$/.exec(text.trim());
  if (time !== null) {
    const date = new Date(now);
    date.setHours(Number(time[1]), Number(time[2]), 0, 0);
    return date.getTime() > now ? date.getTime() : date.getTime() + 86_400_000;
  }
  const date = Date.parse(text);
  if (!Number.isNaN(date)) return date;
  throw new AbtieError(
    "config",
    `the deadline "${text}" is none: give a duration ("9h"), a time of day ("18:30") or an ISO date and time`,
  );
}
