import { tripleAt } from "../metrics/triples.ts";
import { logSoftmax, meanTriple, softmax, swapBack } from "../triple.ts";
import type { Order, Triple } from "../types.ts";

/**
 * Log probabilities (nats) of the labels for each row and order, in display order: first answer, second answer, tie. Row r has
 * the numbers at 3r to 3r + 2; they are NaN when the row was not scored in that order.
 */
export interface Readings {
  readonly ab: Float64Array;
  readonly ba: Float64Array;
}

/** The readings of one row by order, in display order; null for an order in which the row was not scored. */
export type RowReadings = Readonly<Record<Order, Triple | null>>;

/** Returns the readings of one row. */
export function readingsOf(readings: Readings, row: number): RowReadings {
  return { ab: readingAt(readings.ab, row), ba: readingAt(readings.ba, row) };
}

/**
 * Turns a reading into log probabilities of a, b and tie of the file. They are swapped back, normalised over the three labels,
 * and at least -30, so that a single label with almost no probability cannot outweigh all other rows.
 */
export function fileLogProbs(shown: Triple, order: Order): Triple {
  const [first, second, tie] = logSoftmax(shown);
  return swapBack([Math.max(LOWEST, first), Math.max(LOWEST, second), Math.max(LOWEST, tie)], order);
}

/** Computes the probabilities of a row without calibration: the mean over its orders. */
export function rawProbabilities(readings: RowReadings): Triple {
  return meanTriple(ordersOf(readings).map(([order, shown]) => softmax(fileLogProbs(shown, order))));
}

/**
 * Lists the orders in which a row was scored, with their readings. Throws an Error when there is none, which is a bug of the
 * caller.
 */
export function ordersOf(readings: RowReadings): (readonly [Order, Triple])[] {
  const orders = (["ab", "ba"] as const).flatMap((order) => {
    const shown = readings[order];
    return shown === null ? [] : [[order, shown] as const];
  });
  if (orders.length === 0) throw new Error("a row without any reading has no probabilities");
  return orders;
}

const LOWEST = -30;

function readingAt(values: Float64Array, row: number): Triple | null {
  const triple = tripleAt(values, row);
  return Number.isNaN(triple[0]) ? null : triple;
}
