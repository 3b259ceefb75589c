import { type ClassMatrix, rowAt, sameRows } from "../class-matrix.ts";
import { sum } from "../numbers/sums.ts";
import { reliabilityBins } from "./reliability.ts";

export interface CalibrationError {
  /**
   * Expected calibration error: the mean distance between predicted probability and observed frequency over the bins. All bins
   * have about the same number of rows, and each bin is weighted by its number of rows.
   */
  readonly ece: number;
  /**
   * The error that a perfectly calibrated judge with these predictions would show on average, because the observed frequencies
   * of small bins scatter. An `ece` close to this value is no evidence that the judge is miscalibrated. The value assumes one
   * label per row; shares of votes scatter less.
   */
  readonly whenCalibrated: number;
  readonly bins: number;
}

/**
 * Computes the expected calibration error of the most probable class (Guo et al. 2017, "On Calibration of Modern Neural
 * Networks", with the equal-mass bins of Nguyen and O'Connor 2015). The estimate is biased upwards, because it sums absolute
 * values and so counts scatter as error (Roelofs et al. 2022, "Mitigating Bias in Calibration Error Estimation").
 * `whenCalibrated` estimates that bias by the normal approximation of each bin.
 */
export function calibrationError(probabilities: ClassMatrix, truth: ClassMatrix, bins = 15): CalibrationError {
  const rows = sameRows(probabilities, truth);
  const table = reliabilityBins(probabilities, truth, { bins });
  const distances = table.map((bin) => bin.rows * Math.abs(bin.observed - bin.predicted));
  const top = Float64Array.from({ length: rows }, (_, row) => Math.max(...rowAt(probabilities, row)));
  top.sort();
  let start = 0;
  let scatter = 0;
  for (const bin of table) {
    const members = top.subarray(start, start + bin.rows);
    // The mean absolute value of a normal variable with this variance.
    scatter += Math.sqrt((2 / Math.PI) * sum(members.map((p) => p * (1 - p))));
    start += bin.rows;
  }
  return { ece: sum(distances) / rows, whenCalibrated: scatter / rows, bins: table.length };
}
