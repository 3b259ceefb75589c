import { createHash } from "node:crypto";
import { setImmediate as nextTurn } from "node:timers/promises";
import type { Clock } from "../../../src/types.ts";

/** The moment at which every world begins, ms since 1970. */
export const EPOCH = Date.UTC(2030, 0, 1);

/**
 * Time and order of a simulated world: one queue of everything that will happen. After each event, everything that waits for it
 * runs before the next event, so that a world is the same for the same seed. Times are ms since its begin.
 */
export interface World {
  readonly now: () => number;
  /** The wall clock, ms since 1970; whole ms, as Date.now gives them. */
  readonly wall: () => number;
  /** Sets the wall clock forward or back by ms. */
  readonly jump: (ms: number) => void;
  /**
   * Lets something happen at a time, to a process or, with null, to the world. Returns the function that cancels it. `isAwaited` is false
   * for what a process has given up, such as the answer to a request that it aborted.
   */
  readonly at: (time: number, owner: Process | null, action: () => void, isAwaited?: boolean) => () => void;
  /** Adds a line to the trace. Two worlds are the same if and only if their traces are. */
  readonly trace: (text: string) => void;
  /** Runs event after event until nothing is left or `isOver`. `after` is called after each event, and again while it is true. */
  readonly run: (isOver: () => boolean, after: () => boolean) => Promise<void>;
  readonly events: () => number;
  /** Number of things that will still happen to a process and that it has not given up. */
  readonly pendingOf: (process: Process) => number;
  readonly hash: () => string;
}

/** A process as the world sees it. What happens to a stopped process waits until it goes on; to a dead one nothing happens. */
export interface Process {
  readonly name: string;
  isDead: boolean;
  /** The process is stopped (SIGSTOP) until this time. */
  stoppedUntil: number;
}

interface Happening {
  at: number;
  /** When it was to happen; `at` is later if its process was stopped then. */
  readonly due: number;
  readonly order: number;
  readonly owner: Process | null;
  readonly action: () => void;
  readonly isAwaited: boolean;
  cancelled: boolean;
}

export function createWorld(onTrace: (line: string) => void = () => {}): World {
  const queue: Happening[] = [];
  const hash = createHash("sha256");
  let [now, order, events, wallOffset] = [0, 0, 0, 0];

  const at: World["at"] = (time, owner, action, isAwaited = true) => {
    const due = Math.max(now, time);
    const happening = { at: due, due, order: order++, owner, action, isAwaited, cancelled: false };
    push(queue, happening);
    return () => {
      happening.cancelled = true;
    };
  };
  return {
    now: () => now,
    wall: () => EPOCH + Math.floor(now) + wallOffset,
    jump: (ms) => {
      wallOffset += ms;
    },
    at,
    trace: (text) => {
      const line = `${now.toFixed(3)} ${text}`;
      hash.update(line).update("\n");
      onTrace(line);
    },
    run: async (isOver, after) => {
      await nextTurn();
      while (!isOver()) {
        const next = pop(queue);
        if (next === undefined) return;
        const { owner } = next;
        if (next.cancelled || owner?.isDead === true) continue;
        if (owner !== null && owner.stoppedUntil > next.at) {
          next.at = owner.stoppedUntil;
          push(queue, next);
          continue;
        }
        now = next.at;
        events += 1;
        next.action();
        await nextTurn();
        // What was done to a process has its consequences before the next event.
        while (after()) await nextTurn();
      }
    },
    events: () => events,
    pendingOf: (process) =>
      queue.filter(({ owner, cancelled, isAwaited }) => owner === process && !cancelled && isAwaited).length,
    hash: () => hash.copy().digest("hex").slice(0, 16),
  };
}

/** The clock of a process in a world. Every process has the monotonic clock of its machine. */
export function clockOf(world: World, process: Process): Clock {
  return {
    now: world.wall,
    monotonic: world.now,
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        if (signal?.aborted) return reject(signal.reason);
        const cancel = world.at(world.now() + Math.max(0, ms), process, () => {
          signal?.removeEventListener("abort", onAbort);
          resolve();
        });
        const onAbort = (): void => {
          cancel();
          reject(signal?.reason);
        };
        signal?.addEventListener("abort", onAbort, { once: true });
      }),
  };
}

// A binary heap by time, time due, and order.

function isBefore(one: Happening, other: Happening): boolean {
  return (one.at - other.at || one.due - other.due || one.order - other.order) < 0;
}

function push(heap: Happening[], item: Happening): void {
  let index = heap.push(item) - 1;
  while (index > 0) {
    const parent = (index - 1) >> 1;
    const above = heap[parent] as Happening;
    if (!isBefore(item, above)) break;
    heap[index] = above;
    index = parent;
  }
  heap[index] = item;
}

function pop(heap: Happening[]): Happening | undefined {
  const top = heap[0];
  const last = heap.pop();
  if (top === undefined || last === undefined || heap.length === 0) return top;
  let index = 0;
  for (;;) {
    let child = 2 * index + 1;
    if (child >= heap.length) break;
    if (child + 1 < heap.length && isBefore(heap[child + 1] as Happening, heap[child] as Happening)) child += 1;
    const below = heap[child] as Happening;
    if (!isBefore(below, last)) break;
    heap[index] = below;
    index = child;
  }
  heap[index] = last;
  return top;
}
