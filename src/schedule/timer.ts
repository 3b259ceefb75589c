import type { Clock } from "../types.ts";

/** One timer for all waits of a schedule. */
export interface Timer {
  /** Makes the timer fire at this moment (monotonic ms), or earlier if it is set to an earlier one; Infinity changes nothing. */
  readonly set: (at: number) => void;
  /** Cancels it; resolves when no timer is left. */
  readonly stop: () => Promise<void>;
}

// Timers of Node overflow after 24 days; firing early costs nothing.
const LONGEST_MS = 3_600_000;

/** Makes a timer that calls `onTime` at its moment; it must be set again afterwards. */
export function createTimer(clock: Clock, onTime: () => void): Timer {
  let armed: { readonly at: number; readonly controller: AbortController; readonly done: Promise<void> } | undefined;
  const disarm = (): void => {
    armed?.controller.abort();
    armed = undefined;
  };
  return {
    set: (at) => {
      if (at === Number.POSITIVE_INFINITY || (armed !== undefined && armed.at <= at)) return;
      disarm();
      const controller = new AbortController();
      const wait = Math.min(LONGEST_MS, Math.max(0, at - clock.monotonic()));
      const done = clock.sleep(wait, controller.signal).then(
        () => {
          if (controller.signal.aborted) return;
          armed = undefined;
          onTime();
        },
        (error: unknown) => {
          if (!controller.signal.aborted) throw error;
        },
      );
      armed = { at, controller, done };
    },
    stop: async () => {
      const { done } = armed ?? {};
      disarm();
      await done;
    },
  };
}
