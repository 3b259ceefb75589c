import type { Clock } from "../types.ts";

/** One timer for everything that waits for a moment. */
export interface Timer {
  /** Rings no later than this moment (monotonic ms) unless it would ring earlier anyway; Infinity asks for nothing. */
  readonly set: (at: number) => void;
  /** Silences it; resolves when no timer is left. */
  readonly stop: () => Promise<void>;
}

// Timers of Node overflow after 24 days; ringing early costs nothing.
const LONGEST_MS = 3_600_000;

/** Makes an alarm that calls `ring` when its moment has come; it must be set again afterwards. */
export function createTimer(clock: Clock, ring: () => void): Timer {
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
          ring();
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
