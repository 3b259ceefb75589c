/** Longest single timer (ms): the wall clock is looked at again after it, since it may jump while a timer runs. */
const LOOK_MS = 1_000;
/** A wall clock this far (ms) past the guard at a look did not get there by itself. */
const JUMP_MS = 3 * LOOK_MS;
/** Time (ms) that the job gets then to end in order. */
const GRACE_MS = 5_000;

/**
 * Keeps the guard: calls `fire` once when the guard time has come. The time is kept on the wall clock and on the
 * monotonic one, whichever comes first, so that a clock set back cannot move the end. A clock that was set forward, or a machine
 * that slept, is no reason to lose answers: the job sees it too, and gets a little time to end in order.
 */
export function watchGuard(fire: (file: string) => void): (at: number, file: string) => void {
  let timer: NodeJS.Timeout | undefined;
  return (at, file) => {
    clearTimeout(timer);
    const monotonicAt = performance.now() + (at - Date.now());
    const look = (): void => {
      const monotonicLeft = monotonicAt - performance.now();
      const left = Math.min(at - Date.now(), monotonicLeft);
      if (left > 0) timer = setTimeout(look, Math.min(left, LOOK_MS));
      else if (monotonicLeft <= 0 || Date.now() - at < JUMP_MS) fire(file);
      else timer = setTimeout(fire, Math.min(GRACE_MS, monotonicLeft), file);
    };
    look();
  };
}
