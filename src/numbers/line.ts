import { mean, sum } from "./sums.ts";

/** The straight line y = offset + slope * x. */
export interface FittedLine {
  readonly offset: number;
  readonly slope: number;
}

/**
 * Fits a line to points by ordinary least squares. `x` and `y` have the same length, at least 1. If all x are equal,
 * the slope is 0 and the offset is the mean of y.
 */
export function fitLine(x: readonly number[], y: readonly number[]): FittedLine {
  const [meanX, meanY] = [mean(x), mean(y)];
  const squares = sum(x.map((value) => (value - meanX) ** 2));
  const products = sum(x.map((value, index) => (value - meanX) * ((y[index] as number) - meanY)));
  const slope = squares === 0 ? 0 : products / squares;
  return { offset: meanY - slope * meanX, slope };
}
