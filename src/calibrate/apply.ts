import { logSoftmax, mapClasses, meanByClass, softmax } from "../classes.ts";
import type { Order, PerClass } from "../types.ts";
import { fileLogProbs, ordersOf, type RowReadings } from "./readings.ts";

/** The parameters of a calibration: added numbers in nats, and factors without a unit. */
export interface Parameters {
  /** 1 / temperature: the factor of the log probabilities. With 0 the model's answer is ignored. */
  readonly scale: number;
  /** Added to the log probabilities of the classes of the file. */
  readonly bias: PerClass;
  /** Added to the log probability of the answer shown first. */
  readonly first: number;
  /**
   * Factor of the mean log probabilities of both orders. Usually above 1, because two readings that agree are better evidence
   * than one.
   */
  readonly both: number;
}

/**
 * Computes the calibrated probabilities of a row that was scored in one order or in both. Each order is corrected separately,
 * so that one calibration serves rows with one order and rows with both. For a row with both orders, the
 * corrected log probabilities are then averaged, and the mean is multiplied by the parameter `both`. A mean of probabilities would be too flat even for perfectly calibrated readings (Ranjan
 * and Gneiting 2010, "Combining probability forecasts").
 */
export function applyCalibration(parameters: Parameters, readings: RowReadings): PerClass {
  const orders = ordersOf(readings);
  const corrected = meanByClass(orders.map(([order, shown]) => correct(parameters, shown, order)));
  const factor = orders.length === 2 ? parameters.both : 1;
  return softmax(mapClasses(corrected, (value) => factor * value));
}

function correct({ scale, bias, first }: Parameters, shown: PerClass, order: Order): PerClass {
  const shownFirst = order === "ab" ? 0 : 1;
  const logits = mapClasses(
    fileLogProbs(shown, order),
    (value, k) => scale * value + (bias[k] ?? Number.NaN) + (k === shownFirst ? first : 0),
  );
  return logSoftmax(logits);
}
