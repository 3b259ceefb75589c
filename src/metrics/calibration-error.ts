import { largestOf } from "./accuracy.ts";
import { reliability } from "./reliability.ts";
import { rowCount } from "./triples.ts";

export interface CalibrationError {
  /** Expected calibration error: mean distance between predicted and observed, over bins of equal mass. */
  readonly ece: number;
  /**
   * The same number for a perfectly calibrated judge with these predictions, because bins of few rows scatter. An ece
   * near it says nothing against the judge. Computed for one label a row; votes scatter less.
   */
  readonly whenCalibrated: number;
  readonly bins: number;
}

/**
 * Computes the expected calibration error of the most probable class (Guo et al. 2017, "On Calibration of Modern
 * Neural Networks", with the equal-mass bins of Nguyen and O'Connor 2015). The estimate is too large by nature: a sum
 * of absolute values turns scatter into error (Roelofs et al. 2022, "Mitigating Bias in Calibration Error Estimation").
 * How much of it is scatter is returned beside it, by the normal approximation of each bin.
 */
export function calibrationError(probabilities: Float64Array, truth: Float64Array, bins = 15): CalibrationError {
  const rows = rowCount(probabilities, truth);
  const table = reliability(probabilities, truth, { bins });
  const ece = table.reduce((sum, bin) => sum + bin.rows * Math.abs(bin.observed - bin.predicted), 0) / rows;
  const top = Float64Array.from(
    { length: rows },
    (_, row) => probabilities[3 * row + largestOf(probabilities, row)] as number,
  );
  top.sort();
  let start = 0;
  let scatter = 0;
  for (const bin of table) {
    const members = top.subarray(start, start + bin.rows);
    scatter += Math.sqrt((2 / Math.PI) * members.reduce((sum, value) => sum + value * (1 - value), 0));
    start += bin.rows;
  }
  return { ece, whenCalibrated: scatter / rows, bins: table.length };
}
