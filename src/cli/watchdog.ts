/** Longest single timer (ms). The wall clock may jump while a timer runs, so it is read again after each. */
const CHECK_MS = 1_000;
/** A wall clock that is this much (ms) past the time at a check was set forward, or the machine slept. */
const JUMP_MS = 3 * CHECK_MS;
/** Time (ms) that the job still gets to end in order after such a jump. */
const GRACE_MS = 5_000;

/**
 * Creates the watchdog and returns the function that arms it for a time (ms since 1970) and a file; at that time `fire` is called once.
 * The time is measured on the wall clock and on the monotonic clock, and the earlier of the two counts, so that a clock that is
 * set back cannot move the end. When the wall clock was set forward or the machine slept, the job has seen the jump too, and
 * gets a grace to end in order with the answers that it has.
 */
export function createWatchdog(fire: (file: string) => void): (at: number, file: string) => void {
  let timer: NodeJS.Timeout | undefined;
  return (at, file) => {
    clearTimeout(timer);
    const monotonicAt = performance.now() + (at - Date.now());
    const check = (): void => {
      const monotonicLeft = monotonicAt - performance.now();
      const left = Math.min(at - Date.now(), monotonicLeft);
      if (left > 0) timer = setTimeout(check, Math.min(left, CHECK_MS));
      else if (monotonicLeft <= 0 || Date.now() - at < JUMP_MS) fire(file);
      else timer = setTimeout(fire, Math.min(GRACE_MS, monotonicLeft), file);
    };
    check();
  };
}
