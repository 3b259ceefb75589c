/** Longest single timer (ms): the wall clock is looked at again after it, since it may jump while a timer runs. */
const LOOK_MS = 1_000;

/**
 * Keeps the guard: calls `fire` once when the guard time has come. The time is kept on the wall clock and on the
 * monotonic one, whichever comes first, so that a clock set back cannot move the end.
 */
export function watchGuard(fire: (file: string) => void): (at: number, file: string) => void {
  let timer: NodeJS.Timeout | undefined;
  return (at, file) => {
    clearTimeout(timer);
    const monotonicAt = performance.now() + (at - Date.now());
    const look = (): void => {
      const left = Math.min(at - Date.now(), monotonicAt - performance.now());
      if (left <= 0) fire(file);
      else timer = setTimeout(look, Math.min(left, LOOK_MS));
    };
    look();
  };
}
