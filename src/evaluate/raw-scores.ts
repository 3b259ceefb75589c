import { fileLogProbs, rawProbabilities, readingsOf } from "../calibrate/readings.ts";
import type { ClassMatrix } from "../class-matrix.ts";
import { matrixOf, rowAt } from "../class-matrix.ts";
import { mapClasses } from "../classes.ts";
import { asWritten } from "../dataset/submission/clip-and-round.ts";
import { type Evaluation, evaluate } from "../metrics/evaluate.ts";
import { takeScored } from "../metrics/scored.ts";
import { type SwapStudy, swapStudy } from "../metrics/swap.ts";
import type { LoadedRun } from "../runfolder/load-run-folder.ts";
import type { RunRows } from "../runfolder/rows-file.ts";
import type { BootstrapOptions } from "../stats/bootstrap.ts";
import type { Order } from "../types.ts";

/** One set of probabilities and its scores. */
export interface NamedScores {
  readonly name: string;
  readonly rows: number;
  readonly evaluation: Evaluation;
}

/**
 * Scores the raw readings: without the calibration if the run applied one, and each order alone if rows were scored in
 * both orders. Probabilities are clipped and rounded like those of the submission.
 */
export function rawScores(
  { rows, config }: Pick<LoadedRun, "rows" | "config">,
  { truth, groups }: { readonly truth: ClassMatrix; readonly groups: Uint32Array },
  options: BootstrapOptions,
): NamedScores[] {
  const both = rowsInBoth(rows);
  const score = (name: string, members: Uint32Array, probabilities: ClassMatrix): NamedScores => {
    const labels = takeScored({ probabilities: truth, truth, groups }, members);
    const scored = { ...labels, probabilities: asWritten(probabilities, config.clip) };
    return { name, rows: members.length, evaluation: evaluate(scored, options) };
  };
  const all = Uint32Array.from(rows.ids.keys());
  return [
    ...(config.calibration === null ? [] : [score("without calibration", all, uncalibrated(rows))]),
    ...(both.length === 0
      ? []
      : [
          score("raw, as in the file", both, oneOrder(rows, both, "ab")),
          score("raw, swapped", both, oneOrder(rows, both, "ba")),
        ]),
  ];
}

/**
 * Measures how swapping the answers changes the raw readings of the rows that were scored in both orders; null when
 * there are none.
 */
export function studySwap(
  { rows }: Pick<LoadedRun, "rows">,
  groups: Uint32Array,
  options: BootstrapOptions,
): SwapStudy | null {
  const both = rowsInBoth(rows);
  if (both.length === 0) return null;
  const members = both.map((row) => groups[row] as number);
  return swapStudy(oneOrder(rows, both, "ab"), oneOrder(rows, both, "ba"), members, options);
}

function rowsInBoth({ ids, readings }: RunRows): Uint32Array {
  return Uint32Array.from(ids.keys()).filter((row) => {
    const { ab, ba } = readingsOf(readings, row);
    return ab !== null && ba !== null;
  });
}

/** Computes the probabilities, in the order of the file, from the readings of one order. */
function oneOrder({ readings }: RunRows, members: Uint32Array, order: Order): ClassMatrix {
  const rows = [...members].map((row) => {
    const reading = readingsOf(readings, row)[order];
    if (reading === null) throw new Error(`row ${row} was not scored in the order ${order}`);
    return mapClasses(fileLogProbs(reading, order), Math.exp);
  });
  return matrixOf(readings[order].classes, rows);
}

/**
 * Averages the uncalibrated probabilities of both orders. A row without a reading keeps the probabilities that the run
 * wrote.
 */
function uncalibrated({ ids, readings, probabilities }: RunRows): ClassMatrix {
  const rows = [...ids.keys()].map((row) => {
    const own = readingsOf(readings, row);
    return own.ab === null && own.ba === null ? rowAt(probabilities, row) : rawProbabilities(own);
  });
  return matrixOf(probabilities.classes, rows);
}
