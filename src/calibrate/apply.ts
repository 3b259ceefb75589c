import { logSoftmax } from "../triple.ts";
import type { Triple } from "../types.ts";
import { inFileTerms, ordersOf, type RowReadings } from "./readings.ts";

/** What is done to log probabilities to calibrate them. All numbers are in nats or pure factors. */
export interface Parameters {
  /** 1 / temperature: multiplies the log probabilities; 0 ignores the model. */
  readonly scale: number;
  /** Added to a, b and tie of the file. */
  readonly bias: Triple;
  /** Added to whichever answer was shown first. */
  readonly first: number;
  /** Multiplies the mean of both orders: two readings that agree deserve more trust than one. */
  readonly both: number;
}

/**
 * Computes calibrated probabilities of a row scored in one order or in both. Each order is corrected on its own, so
 * that the same calibration serves rows with one order and rows with both; then the corrected log probabilities are
 * averaged and sharpened. (Averaging probabilities instead would flatten even perfectly calibrated readings: Ranjan
 * and Gneiting 2010, "Combining probability forecasts".)
 */
export function applyCalibration(parameters: Parameters, readings: RowReadings): Triple {
  const orders = ordersOf(readings);
  const mean: [number, number, number] = [0, 0, 0];
  for (const [order, shown] of orders) {
    const logits = inFileTerms(shown, order);
    const firstPlace = order === "ab" ? 0 : 1;
    const corrected = logSoftmax([
      parameters.scale * logits[0] + parameters.bias[0] + (firstPlace === 0 ? parameters.first : 0),
      parameters.scale * logits[1] + parameters.bias[1] + (firstPlace === 1 ? parameters.first : 0),
      parameters.scale * logits[2] + parameters.bias[2],
    ]);
    for (let k = 0; k < 3; k += 1) mean[k as 0 | 1 | 2] += (corrected[k] as number) / orders.length;
  }
  const sharpened = orders.length === 2 ? mean.map((value) => parameters.both * value) : mean;
  return logSoftmax(sharpened as [number, number, number]).map(Math.exp) as [number, number, number];
}
