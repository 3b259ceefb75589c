import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import { allEnded } from "../../all-ended.ts";
import { AbtieError } from "../../errors.ts";
import type { Order, Row } from "../../types.ts";
import type { Prepared } from "../preparer.ts";
import type { FromThread, PromptOutcome, Recipe, RowInOrder, ToThread } from "./messages.ts";

/** Threads that prepare rows beside the main thread. Each loads template and tokenizer for itself. */
export interface PreparingThreads extends AsyncDisposable {
  /** Number of threads. */
  readonly count: number;
  /**
   * Prepares a row as a preparer of this recipe does, and throws its errors. Rows that are asked for at the same time share messages.
   * Null when the caller had better prepare the row: no thread is ready for this recipe (none was started, it is still loading, or it has
   * failed), or all have enough to do. The caller gets one row each turn of the event loop.
   */
  readonly prepare: (recipe: Recipe, row: Row, order: Order) => Promise<Prepared | null>;
}

/** No threads: every row is left to the caller. */
export const NO_THREADS: PreparingThreads = {
  count: 0,
  prepare: async () => null,
  [Symbol.asyncDispose]: async () => {},
};

/** Rows of one message: enough that the message costs little, few enough that all threads get some. */
export const ROWS_PER_MESSAGE = 16;
/** Rows that a thread has at once: enough that it does not wait when this thread is busy for a moment. */
export const ROWS_PER_THREAD = 64;

/** Starts threads. They load a recipe when it is first asked for. They do not keep the process alive. */
export function startPreparingThreads(count: number): PreparingThreads {
  if (count === 0) return NO_THREADS;
  const threads = Array.from({ length: count }, startThread);
  const keys = new Map<Recipe, string>();
  let waiting: Asked[] = [];
  let isDealing = false;

  const keyOf = (recipe: Recipe): string => {
    const { tokenizer, ...rest } = recipe;
    const key = keys.get(recipe) ?? JSON.stringify([rest, tokenizer.folder, tokenizer.settings]);
    keys.set(recipe, key);
    return key;
  };
  const take = (key: string): readonly Asked[] => {
    const batch = waiting.filter((asked) => asked.key === key).slice(0, ROWS_PER_MESSAGE);
    const taken = new Set(batch);
    waiting = waiting.filter((asked) => !taken.has(asked));
    return batch;
  };
  /** Gives the rows that wait to threads that are ready for them, until each has enough to do. */
  const fillThreads = (): void => {
    for (const key of new Set(waiting.map((asked) => asked.key))) {
      const ready = threads.filter((thread) => thread.isReady(key));
      for (let thread = freest(ready); thread !== undefined; thread = freest(ready)) {
        const batch = take(key);
        if (batch.length === 0) break;
        thread.prepare(key, batch);
      }
    }
  };
  /** Leaves the next row to the caller, one for each turn of the event loop, so that everything else gets its turn too. */
  const deal = (): void => {
    fillThreads();
    const own = waiting.shift();
    isDealing = own !== undefined;
    if (own === undefined) return;
    own.resolve(null);
    setImmediate(deal);
  };
  return {
    count,
    prepare: (recipe, row, order) => {
      const key = keyOf(recipe);
      for (const thread of threads) thread.load(key, recipe);
      return new Promise((resolve, reject) => {
        waiting.push({ key, row, order, resolve, reject });
        if (!isDealing) setImmediate(deal);
        isDealing = true;
      });
    },
    [Symbol.asyncDispose]: async () => {
      await allEnded(threads.map(({ stop }) => stop()));
    },
  };
}

/** Finds the thread with the fewest rows that has room for one more message. */
function freest(threads: readonly Thread[]): Thread | undefined {
  const [first] = threads.toSorted((one, other) => one.rows() - other.rows());
  return first !== undefined && first.rows() + ROWS_PER_MESSAGE <= ROWS_PER_THREAD ? first : undefined;
}

interface Asked extends RowInOrder {
  readonly key: string;
  readonly resolve: (prepared: Prepared | null) => void;
  readonly reject: (error: unknown) => void;
}

/** One thread as the main thread sees it. */
interface Thread {
  /** Has the thread make the preparer of a recipe; does nothing when it was asked before. */
  readonly load: (key: string, recipe: Recipe) => void;
  readonly isReady: (key: string) => boolean;
  /** Number of rows that the thread was sent and has not answered. */
  readonly rows: () => number;
  readonly prepare: (key: string, asked: readonly Asked[]) => void;
  readonly stop: () => Promise<void>;
}

function startThread(): Thread {
  const worker = new Worker(threadPath());
  worker.unref();
  const loads = new Map<string, "loading" | "ready" | "failed">();
  const batches = new Map<number, readonly Asked[]>();
  let isLost = false;
  let next = 0;
  const send = (message: ToThread): void => worker.postMessage(message);
  const loseAll = (): void => {
    isLost = true;
    for (const asked of batches.values()) for (const { resolve } of asked) resolve(null);
    batches.clear();
  };
  worker.on("message", (message: FromThread) => {
    switch (message.kind) {
      case "loaded":
        loads.set(message.key, message.ready ? "ready" : "failed");
        return;
      case "prepared": {
        const asked = batches.get(message.batch) ?? [];
        batches.delete(message.batch);
        if (batches.size === 0) worker.unref();
        settle(asked, message.outcomes, message.ids);
        return;
      }
      default:
        message satisfies never;
    }
  });
  // The main thread goes on alone: a thread may need more memory than there is.
  worker.on("error", loseAll);
  worker.on("exit", loseAll);
  return {
    load: (key, recipe) => {
      if (loads.has(key)) return;
      loads.set(key, "loading");
      send({ kind: "load", key, recipe });
    },
    isReady: (key) => !isLost && loads.get(key) === "ready",
    rows: () => [...batches.values()].reduce((sum, { length }) => sum + length, 0),
    prepare: (key, asked) => {
      next += 1;
      batches.set(next, asked);
      // Whoever waits for these rows keeps the process alive.
      worker.ref();
      send({ kind: "prepare", batch: next, key, rows: asked.map(({ row, order }) => ({ row, order })) });
    },
    stop: async () => {
      await worker.terminate();
    },
  };
}

function settle(asked: readonly Asked[], outcomes: readonly PromptOutcome[], ids: Int32Array): void {
  let at = 0;
  for (const [index, { resolve, reject }] of asked.entries()) {
    const outcome = outcomes[index];
    if (outcome === undefined) resolve(null);
    else if (outcome.ok) {
      const { ok, tokens, ...rest } = outcome;
      resolve({ ...rest, ids: listOf(ids, at, at + tokens) });
      at += tokens;
    } else {
      const { code, message, details } = outcome;
      reject(code === null ? new Error(message) : new AbtieError(code, message, { details }));
    }
  }
}

/** Array.from would make an object for each number. */
function listOf(numbers: Int32Array, start: number, end: number): readonly number[] {
  const list = new Array<number>(end - start);
  for (let at = start; at < end; at += 1) list[at - start] = numbers[at] ?? 0;
  return list;
}

function threadPath(): string {
  // Tests run from the TypeScript sources, which Node cannot run, so they use the compiled thread.
  const here = import.meta.url;
  const relative = here.endsWith(".ts") ? "../../../dist/prompt/threads/thread.js" : "./thread.js";
  const path = fileURLToPath(new URL(relative, here));
  if (!existsSync(path)) throw new Error(`${path} is missing: run \`npm run build\``);
  return path;
}
