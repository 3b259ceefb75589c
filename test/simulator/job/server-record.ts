import type { Given } from "./answers.ts";
import type { Process } from "./world.ts";

/** What the servers saw and said, by row and order. */
export interface ServerRecord {
  readonly given: Map<string, Given[]>;
  /** Number of requests that included the row. */
  readonly asked: Map<string, number>;
  /** Requests by process. */
  readonly requests: Map<Process, number>;
  /** Number of times that a process asked for the list of models. */
  readonly lists: Map<Process, number>;
}

/** Counts one more of a key. */
export function increment(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

/** Adds a value to the list of a key. */
export function append<V>(lists: Map<string, V[]>, key: string, value: V): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [value]);
  else list.push(value);
}
