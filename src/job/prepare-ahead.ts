import { allEnded } from "../all-ended.ts";
import { type Queue, takeRows } from "../deadline/order.ts";
import type { Judge, Task } from "../judge/judge.ts";
import type { Clock } from "../types.ts";

/** Prompts that are prepared before the engine is ready. */
export interface PreparedAhead extends Disposable {
  /** Ends the preparing, and wraps the judge of the running engine. Prompts of another judge, with a smaller context for example, are forgotten. */
  readonly usedBy: (running: Judge) => Judge;
}

/** Most prompt tokens that are held: 32 MB. */
const MOST_TOKENS = 4_000_000;
/** Rows that are asked for at once for each thread, so that they share messages. */
const AT_ONCE = 16;

/**
 * Prepares rows in the order in which a run with enough time takes them, until enough tokens are held. `threads` is the number of threads
 * that prepare rows beside this one. An error of a row is left to the run, which meets the row in its turn.
 */
export function prepareAhead(options: {
  readonly judge: Judge;
  readonly queue: Queue;
  readonly threads: number;
  readonly clock: Clock;
}): PreparedAhead {
  const { judge, queue, threads, clock } = options;
  const held = new Map<number, Task>();
  let isOver = false;
  const fill = async (): Promise<void> => {
    let left = queue;
    let tokens = 0;
    while (!isOver && left.left > 0 && tokens < MOST_TOKENS) {
      // While no thread is ready, rows are prepared here, and everything else needs its turn.
      await clock.sleep(0);
      const taken = takeRows(left, "longest-first", Math.max(1, threads * AT_ONCE));
      left = taken.queue;
      const tasks = await allEnded(taken.rows.map((row) => judge.prepare(row, "ab", null).catch(() => null)));
      for (const task of tasks) {
        if (task === null) continue;
        held.set(task.row, task);
        tokens += task.ids.length;
      }
    }
  };
  // It never rejects.
  void fill();
  const end = (): void => {
    isOver = true;
  };
  return {
    usedBy: (running) => {
      end();
      if (running.promptHash !== judge.promptHash) {
        held.clear();
        return running;
      }
      const prepare: Judge["prepare"] = async (row, order, tokenBudget) => {
        const task = order === "ab" && tokenBudget === null ? held.get(row) : undefined;
        if (task === undefined) return running.prepare(row, order, tokenBudget);
        held.delete(row);
        // Both judges resolved the same labels; a row with labels of its own has a scorer of its own.
        return task.scorer === judge.scorer ? { ...task, scorer: running.scorer } : task;
      };
      return { ...running, prepare };
    },
    [Symbol.dispose]: end,
  };
}
