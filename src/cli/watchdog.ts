import type { Watch } from "../effects.ts";

/**
 * Longest duration of one timer (ms). The wall clock is read again after each timer, because it may jump while a timer
 * runs.
 */
const CHECK_MS = 1_000;
/**
 * If the wall clock is this much (ms) later than the watchdog's time at a check, the clock was set forward or the
 * machine slept.
 */
const JUMP_MS = 3 * CHECK_MS;
/** Time (ms) that the job still gets after such a jump to end in order. */
const GRACE_MS = 5_000;

/**
 * Creates the watchdog. The returned function sets its moment; at that moment `fire` is called once, with the time (ms)
 * that is left until the deadline. The time is measured on the wall clock and on the monotonic clock, and the earlier
 * one is used, so that setting the clock back cannot delay the end. After the wall clock was set forward or the machine
 * slept, the job has observed the jump too, and gets GRACE_MS to end in order with the answers that it has.
 */
export function createWatchdog(fire: (watch: Watch, leftMs: number) => void): (watch: Watch) => void {
  let timer: NodeJS.Timeout | undefined;
  let hasFired = false;
  return (watch) => {
    if (hasFired) return;
    clearTimeout(timer);
    const { at, deadlineAt } = watch;
    const monotonicAt = performance.now() + (at - Date.now());
    const end = (): void => {
      hasFired = true;
      fire(watch, deadlineAt - at);
    };
    const check = (): void => {
      const monotonicLeft = monotonicAt - performance.now();
      const left = Math.min(at - Date.now(), monotonicLeft);
      if (left > 0) timer = setTimeout(check, Math.min(left, CHECK_MS));
      else if (monotonicLeft <= 0 || Date.now() - at < JUMP_MS) end();
      else timer = setTimeout(end, Math.min(GRACE_MS, monotonicLeft));
    };
    check();
  };
}
