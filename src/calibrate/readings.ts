import { logSoftmax, swapBack } from "../triple.ts";
import type { Order, Triple } from "../types.ts";

/**
 * Log probabilities (nats) of the labels for each row and order, in the order shown: first answer, second answer, tie;
 * row r holds the numbers 3r to 3r + 2. NaN where a row was not scored in that order.
 */
export interface Readings {
  readonly ab: Float64Array;
  readonly ba: Float64Array;
}

/** What one row's readings say in one order; null where it was not scored in that order. */
export type RowReadings = Readonly<Record<Order, Triple | null>>;

/** Picks one row's readings. */
export function readingsOf(readings: Readings, row: number): RowReadings {
  return { ab: tripleAt(readings.ab, row), ba: tripleAt(readings.ba, row) };
}

/**
 * Turns a reading into log probabilities of a, b and tie as the file names them: swapped back, relative to the labels
 * alone, and never below -30, so that one label without any probability cannot outweigh a whole file.
 */
export function inFileTerms(shown: Triple, order: Order): Triple {
  const [first, second, tie] = logSoftmax(shown).map((value) => Math.max(LOWEST, value)) as [number, number, number];
  return swapBack([first, second, tie], order);
}

/** Computes what a row's readings say without calibration: the mean of the orders' probabilities. */
export function rawProbabilities(readings: RowReadings): Triple {
  const orders = ordersOf(readings);
  const sums: [number, number, number] = [0, 0, 0];
  for (const [order, shown] of orders) {
    const probabilities = inFileTerms(shown, order).map(Math.exp);
    for (let k = 0; k < 3; k += 1) sums[k as 0 | 1 | 2] += probabilities[k] as number;
  }
  const total = sums[0] + sums[1] + sums[2];
  return [sums[0] / total, sums[1] / total, sums[2] / total];
}

/** Lists the orders in which a row was scored. A row without any is a bug of the caller. */
export function ordersOf(readings: RowReadings): (readonly [Order, Triple])[] {
  const orders = (["ab", "ba"] as const).flatMap((order) => {
    const shown = readings[order];
    return shown === null ? [] : [[order, shown] as const];
  });
  if (orders.length === 0) throw new Error("a row without any reading has no probabilities");
  return orders;
}

const LOWEST = -30;

function tripleAt(values: Float64Array, row: number): Triple | null {
  const [first, second, tie] = values.subarray(3 * row, 3 * row + 3) as unknown as [number, number, number];
  return Number.isNaN(first) ? null : [first, second, tie];
}
