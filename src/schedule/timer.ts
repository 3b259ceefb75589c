import type { Clock } from "../types.ts";

/** One timer for all waits of a schedule. */
export interface Timer {
  /**
   * Makes the timer fire at this moment (monotonic ms), unless it is already set to an earlier moment. Infinity changes
   * nothing.
   */
  readonly set: (at: number) => void;
  /** Cancels the timer; resolves when no wait is left. */
  readonly stop: () => Promise<void>;
}

// Node's timers overflow after 24 days, so longer waits are cut to one hour. A timer that fires too early does no harm.
const LONGEST_MS = 3_600_000;

/** Creates a timer that calls `onTime` once at its moment. It must be set again afterwards. */
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
