import { type ClassMatrix, rowAt, sameRows } from "../class-matrix.ts";
import type { Interval } from "../stats/interval.ts";
import { wilsonInterval } from "../stats/wilson.ts";
import type { ClassName } from "../types.ts";
import { hits } from "./accuracy.ts";

/** One bin of a reliability diagram: rows with similar predicted probabilities. */
export interface ReliabilityBin {
  readonly rows: number;
  /** Smallest and largest predicted probability in the bin. */
  readonly range: Interval;
  /** Mean predicted probability. */
  readonly predicted: number;
  /** Share of the rows, or of their votes, for which the examined class is the true class. */
  readonly observed: number;
  /** Wilson interval of `observed`; it assumes independent rows. */
  readonly interval: Interval;
}

export interface ReliabilityOptions {
  /** The examined class of each row: its most probable class ("top"), or the given class. Default "top". */
  readonly of?: "top" | ClassName;
  /** Wanted number of bins. There may be fewer, because equal predictions stay in one bin. Default 15. */
  readonly bins?: number;
  /** Coverage of the bins' intervals. Default 0.95. */
  readonly level?: number;
}

/** Computes the bins of a reliability diagram, with about the same number of rows in each ("equal mass"). */
export function reliabilityBins(
  probabilities: ClassMatrix,
  truth: ClassMatrix,
  options: ReliabilityOptions = {},
): ReliabilityBin[] {
  const { of = "top", bins = 15, level = 0.95 } = options;
  const rows = sameRows(probabilities, truth);
  const predicted = of === "top" ? largestNumbers(probabilities, rows) : columnOf(probabilities, of);
  const observed = of === "top" ? hits(probabilities, truth) : columnOf(truth, of);
  const order = Uint32Array.from(predicted.keys()).sort((one, other) => at(predicted, one) - at(predicted, other));
  return equalMassEnds(predicted, order, bins).map((end, bin, ends) => {
    const members = order.subarray(bin === 0 ? 0 : ends[bin - 1], end);
    const share = meanOver(members, observed);
    return {
      rows: members.length,
      range: { low: at(predicted, members[0]), high: at(predicted, members[members.length - 1]) },
      predicted: meanOver(members, predicted),
      observed: share,
      interval: wilsonInterval(share * members.length, members.length, level),
    };
  });
}

function largestNumbers(matrix: ClassMatrix, rows: number): Float64Array {
  return Float64Array.from({ length: rows }, (_, row) => Math.max(...rowAt(matrix, row)));
}

function columnOf({ classes, values }: ClassMatrix, name: ClassName): Float64Array {
  return values.filter((_, index) => classes[index % classes.length] === name);
}

/** Computes where each bin ends in the sorted order. Equal predictions are never divided between two bins. */
function equalMassEnds(predicted: Float64Array, order: Uint32Array, bins: number): number[] {
  const ends: number[] = [];
  for (let bin = 1; bin <= bins; bin += 1) {
    let end = Math.round((bin * order.length) / bins);
    while (end > 0 && end < order.length && at(predicted, order[end]) === at(predicted, order[end - 1])) end += 1;
    if (end > (ends.at(-1) ?? 0)) ends.push(end);
  }
  return ends;
}

function meanOver(rows: Uint32Array, values: Float64Array): number {
  return rows.reduce((sum, row) => sum + at(values, row), 0) / rows.length;
}

function at(values: Float64Array, row: number | undefined): number {
  return values[row as number] as number;
}
