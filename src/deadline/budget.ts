import { AbtieError } from "../errors.ts";

/** The moments that bound a run, in the time base in which they were made (wall clock or monotonic), ms. */
export interface Budget {
  /** From where the deadline is counted. */
  readonly startedAt: number;
  /** Scoring ends: nothing is sent any more, what is in flight is given up, the last file is written. */
  readonly workEndAt: number;
  /** The watchdog ends the process if it has not ended by itself. */
  readonly watchdogAt: number;
  /** The promise: the process has ended and the file is in place. */
  readonly deadlineAt: number;
}

const RESERVE_SHARE = 0.02;
const LEAST_RESERVE_MS = 60_000;
/** A reserve never eats more than this share of a short time. */
const MOST_RESERVE_SHARE = 0.2;
/** The watchdog acts this share of the reserve before the deadline, within these bounds and at most half the reserve. */
const WATCHDOG_SHARE = 0.25;
const LEAST_WATCHDOG_MS = 5_000;
const MOST_WATCHDOG_MS = 30_000;

/**
 * Divides the time between start and deadline: work, then a reserve to end in, within which the watchdog acts. The reserve is the
 * larger of 2 % and 60 s, but at most a fifth of the whole, unless `reserveMs` gives it. Everything that happens after the start
 * counts, the start of the engine too. Throws a config error when an asked-for reserve leaves no time to work.
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

/** Moves a budget to another time base, for example by `monotonic - now` read together. */
export function shiftBudget(budget: Budget, ms: number): Budget {
  return {
    startedAt: budget.startedAt + ms,
    workEndAt: budget.workEndAt + ms,
    watchdogAt: budget.watchdogAt + ms,
    deadlineAt: budget.deadlineAt + ms,
  };
}
