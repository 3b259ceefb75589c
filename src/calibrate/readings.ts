import { type ClassMatrix, rowAt } from "../class-matrix.ts";
import { logSoftmax, mapClasses, meanByClass, softmax, swapBack } from "../classes.ts";
import type { Order, PerClass } from "../types.ts";

/**
 * Log probabilities (nats) of the labels for each row and order, in display order: first answer, second answer, tie. The numbers
 * of a row are NaN when the row was not scored in that order. Both have the same classes.
 */
export interface Readings {
  readonly ab: ClassMatrix;
  readonly ba: ClassMatrix;
}

/** The readings of one row by order, in display order; null for an order in which the row was not scored. */
export type RowReadings = Readonly<Record<Order, PerClass | null>>;

/** Returns the readings of one row. */
export function readingsOf(readings: Readings, row: number): RowReadings {
  return { ab: readingAt(readings.ab, row), ba: readingAt(readings.ba, row) };
}

/**
 * Turns a reading into log probabilities of the classes of the file. They are swapped back, normalised over the labels, and at least -30, so that a single label with almost no probability cannot outweigh all other rows.
 */
export function fileLogProbs(shown: PerClass, order: Order): PerClass {
  const normalised = mapClasses(logSoftmax(shown), (value) => Math.max(LOWEST, value));
  return swapBack(normalised, order);
}

/** Computes the probabilities of a row without calibration: the mean over its orders. */
export function rawProbabilities(readings: RowReadings): PerClass {
  return meanByClass(ordersOf(readings).map(([order, shown]) => softmax(fileLogProbs(shown, order))));
}

/**
 * Lists the orders in which a row was scored, with their readings. Throws an Error when there is none, which is a bug of the
 * caller.
 */
export function ordersOf(readings: RowReadings): (readonly [Order, PerClass])[] {
  const orders = (["ab", "ba"] as const).flatMap((order) => {
    const shown = readings[order];
    return shown === null ? [] : [[order, shown] as const];
  });
  if (orders.length === 0) throw new Error("a row without any reading has no probabilities");
  return orders;
}

const LOWEST = -30;

function readingAt(readings: ClassMatrix, row: number): PerClass | null {
  const reading = rowAt(readings, row);
  return Number.isNaN(reading[0]) ? null : reading;
}
