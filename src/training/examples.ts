import { swapBack } from "../classes.ts";
import type { Order, PerClass } from "../types.ts";

/** One line of examples.jsonl: one prompt of a row, as `abtie run` sends it, and what the model shall answer. */
export interface TrainingExample {
  readonly id: string;
  /** Number of the row among the rows of all files, counted from 0. */
  readonly row: number;
  readonly order: Order;
  readonly fold: number;
  /** Number of the prompt's group: rows with the same prompt have the same. */
  readonly group: number;
  /** The token ids of the prompt, without the answer. */
  readonly ids: readonly number[];
  /** Probabilities of the classes as shown: in the order ba, the first is that of the answer shown first, which is b of the file. */
  readonly target: PerClass;
  readonly weight: number;
  /** Tokens that were cut so that the prompt fits. */
  readonly cut: number;
}

/** The orders in which every row is trained. */
export const ORDERS_OF = { one: ["ab"], both: ["ab", "ba"] } as const satisfies Record<string, readonly Order[]>;

/** Writes an example as a line of JSON. Here `target` has the classes in the order of the file; the line has them as shown. */
export function exampleLine(example: TrainingExample): string {
  const { id, row, order, fold, group, ids, target, weight, cut } = example;
  return `${JSON.stringify({ id, row, order, fold, group, ids, target: swapBack(target, order), weight, cut })}\n`;
}
