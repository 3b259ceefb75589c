import { setImmediate as nextTurn } from "node:timers/promises";
import type { Clock } from "../../src/types.ts";

/** A clock that moves only when a test advances it, so that nine hours pass in milliseconds, in every run alike. */
export interface VirtualClock extends Clock {
  /** Moves time forward by ms, ending the sleeps on the way one by one in the order in which they are due. */
  readonly advance: (ms: number) => Promise<void>;
  /** Jumps from sleep to sleep until the promise settles; throws when nothing sleeps any more and it has not. */
  readonly until: <T>(promise: Promise<T>) => Promise<T>;
  /** Shifts the wall clock alone by ms, as a corrected system clock does; the monotonic one does not notice. */
  readonly jumpWall: (ms: number) => void;
  /** Number of sleeps that have not ended. */
  readonly sleeping: () => number;
}

interface Sleep {
  readonly due: number;
  readonly order: number;
  readonly wake: () => void;
}

/**
 * Creates a virtual clock; `startedAt` (ms since 1970) is the first wall time, the monotonic clock starts at `monotonic`.
 * Sleeps due at the same moment end in the order in which they began. After each one, everything that waits for it runs
 * (one turn of the event loop) before time moves on.
 */
export function createVirtualClock({ startedAt = 0, monotonic = 0 } = {}): VirtualClock {
  const sleeps = new Set<Sleep>();
  let time = monotonic;
  let wallOffset = startedAt - monotonic;
  let order = 0;

  const sleep: Clock["sleep"] = (ms, signal) =>
    new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const abort = (): void => {
        sleeps.delete(entry);
        reject(signal?.reason);
      };
      const entry: Sleep = {
        due: time + Math.max(0, ms),
        order: order++,
        wake: () => {
          signal?.removeEventListener("abort", abort);
          resolve();
        },
      };
      signal?.addEventListener("abort", abort, { once: true });
      sleeps.add(entry);
    });

  const wakeNext = async (): Promise<void> => {
    const next = first(sleeps);
    if (next === undefined) return;
    sleeps.delete(next);
    time = Math.max(time, next.due);
    next.wake();
    await nextTurn();
  };

  return {
    now: () => time + wallOffset,
    monotonic: () => time,
    sleep,
    sleeping: () => sleeps.size,
    jumpWall: (ms) => {
      wallOffset += ms;
    },
    advance: async (ms) => {
      const end = time + ms;
      await nextTurn();
      while ((first(sleeps)?.due ?? Number.POSITIVE_INFINITY) <= end) await wakeNext();
      time = end;
    },
    until: async (promise) => {
      let settled = false;
      const watched = promise.finally(() => {
        settled = true;
      });
      watched.catch(() => {});
      await nextTurn();
      while (!settled) {
        if (sleeps.size === 0) throw new Error("virtual clock: the promise has not settled and nothing sleeps");
        await wakeNext();
      }
      return await watched;
    },
  };
}

function first(sleeps: ReadonlySet<Sleep>): Sleep | undefined {
  let best: Sleep | undefined;
  for (const sleep of sleeps) {
    if (best === undefined || sleep.due < best.due || (sleep.due === best.due && sleep.order < best.order))
      best = sleep;
  }
  return best;
}
