import type { Config } from "../config/config.ts";
import { parseDeadline } from "../config/deadline.ts";
import { type Budget, planBudget, shiftBudget } from "../deadline/budget.ts";
import type { Effects } from "../effects.ts";
import { AbtieError } from "../errors.ts";
import type { Clock } from "../types.ts";

/** The moments that limit a run, and the signal that ends its work. */
export interface TimeLimits extends Disposable {
  /**
   * The moments that limit the run, monotonic ms; null without a deadline. They come nearer when the machine sleeps or its wall
   * clock is set forward. They never move to a later time.
   */
  readonly budget: () => Budget | null;
  /** The same moments as ms since 1970. */
  readonly wall: Budget | null;
  /** Aborts at the end of work, or when the user interrupts. */
  readonly signal: AbortSignal;
  /** Notes for the watchdog that a complete submission for the rows of this run is in place. */
  readonly noteComplete: () => void;
}

/**
 * Computes the moments that limit a run, ms since 1970; null without a deadline. A deadline such as "9h" is counted from the
 * start of the process, unless the config names another moment. Throws AbtieError("config").
 */
export function planTimeLimits(
  { deadline, startedAt, reserveMs }: Config["time"],
  processStartedAt: number,
): Budget | null {
  if (deadline === null) return null;
  const from = startedAt === null ? processStartedAt : Date.parse(startedAt);
  return planBudget(from, parseDeadline(deadline, from), reserveMs);
}

/**
 * Starts the timers of a run: scoring ends when the reserve begins, and the watchdog acts shortly before the deadline. Call this
 * before anything that may take long, so that the watchdog covers it.
 * Throws AbtieError("config") when the deadline cannot be read or leaves no time to work.
 */
export function armTimeLimits(config: Pick<Config, "time" | "output">, effects: Effects): TimeLimits {
  const { clock } = effects;
  const wall = planTimeLimits(config.time, effects.startedAt);
  if (wall === null)
    return {
      budget: () => null,
      wall: null,
      signal: effects.signal,
      noteComplete: () => {},
      [Symbol.dispose]: () => {},
    };
  const now = clock.now();
  if (wall.workEndAt <= now) {
    const at = new Date(wall.deadlineAt).toISOString();
    throw new AbtieError(
      "config",
      `the deadline "${config.time.deadline}" is ${at}, which leaves no time to work: give a later one`,
    );
  }
  const arm = (complete: boolean): void => {
    effects.armWatchdog({ at: wall.watchdogAt, deadlineAt: wall.deadlineAt, output: config.output, complete });
  };
  arm(false);
  let budget = shiftBudget(wall, clock.monotonic() - now);
  const current = (): Budget => {
    const onWall = shiftBudget(wall, clock.monotonic() - clock.now());
    if (onWall.workEndAt < budget.workEndAt) budget = onWall;
    return budget;
  };
  const controller = new AbortController();
  const over = new AbortController();
  sleepUntil(() => current().workEndAt, clock, AbortSignal.any([effects.signal, over.signal])).then(
    () => controller.abort(new AbtieError("interrupted", "the time for work is over")),
    () => {},
  );
  return {
    budget: current,
    wall,
    signal: AbortSignal.any([effects.signal, controller.signal]),
    noteComplete: () => arm(true),
    // Without this, the timer would keep the program running after the run has ended.
    [Symbol.dispose]: () => over.abort(new Error("the run has ended")),
  };
}

/** Longest single timer (ms). The wall clock is read again after each one, because it may jump while a timer runs. */
const TIMER_MS = 1_000;

/** Waits for a moment (monotonic, ms) that may come nearer during the wait. */
async function sleepUntil(end: () => number, clock: Clock, signal: AbortSignal): Promise<void> {
  for (let left = end() - clock.monotonic(); left > 0; left = end() - clock.monotonic()) {
    await clock.sleep(Math.min(left, TIMER_MS), signal);
  }
}
