import { AbtieError } from "../errors.ts";

/** The moments that limit a run, ms. All are either wall-clock times or monotonic times. */
export interface Budget {
  /** The moment from which the deadline is counted. */
  readonly startedAt: number;
  /** Scoring ends: no further request is sent, requests in flight are aborted, and the last file is written. */
  readonly workEndAt: number;
  /** At this moment the watchdog ends the process if it is still running. */
  readonly watchdogAt: number;
  /** The deadline: by this moment the process has ended and the file is in place. */
  readonly deadlineAt: number;
}

const RESERVE_SHARE = 0.02;
const LEAST_RESERVE_MS = 60_000;
/** The default reserve is at most this share of the time between start and deadline. */
const MOST_RESERVE_SHARE = 0.2;
/**
 * The watchdog acts before the deadline by this share of the reserve, within these bounds (ms) and by at most half the reserve.
 */
const WATCHDOG_SHARE = 0.25;
const LEAST_WATCHDOG_MS = 5_000;
const MOST_WATCHDOG_MS = 30_000;

/**
 * Divides the time between start and deadline into time for work and a reserve (ms) at its end, in which the run closes and the
 * watchdog acts. The reserve is the larger of 2 % and 60 s, but at most a fifth of the whole time, unless `reserveMs` sets it.
 * All time after the start counts, also that in which the engine starts. Throws a config error when `reserveMs` leaves no time
 * to work.
 */
export function planBudget(startedAt: number, deadlineAt: number, reserveMs: number | null = null): Budget {
  const whole = deadlineAt - startedAt;
  if (reserveMs !== null && reserveMs >= whole) {
    throw new AbtieError(
      "config",
      `reserve: ${reserveMs / 1_000} s leave nothing of the ${whole / 1_000} s until the deadline; give less`,
    );
  }
  const usual = Math.min(Math.max(RESERVE_SHARE * whole, LEAST_RESERVE_MS), MOST_RESERVE_SHARE * whole);
  const reserve = reserveMs ?? usual;
  const beforeDeadline = Math.min(Math.max(WATCHDOG_SHARE * reserve, LEAST_WATCHDOG_MS), MOST_WATCHDOG_MS, reserve / 2);
  return { startedAt, workEndAt: deadlineAt - reserve, watchdogAt: deadlineAt - beforeDeadline, deadlineAt };
}

/**
 * Moves a budget to another time base. `ms` is the difference between the bases, for example `monotonic - now` read at one
 * moment.
 */
export function shiftBudget(budget: Budget, ms: number): Budget {
  return {
    startedAt: budget.startedAt + ms,
    workEndAt: budget.workEndAt + ms,
    watchdogAt: budget.watchdogAt + ms,
    deadlineAt: budget.deadlineAt + ms,
  };
}
