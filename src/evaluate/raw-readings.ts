import { inFileTerms, rawProbabilities, readingsOf } from "../calibrate/readings.ts";
import { evaluate } from "../metrics/evaluate.ts";
import { type SwapStudy, swapStudy } from "../metrics/swap.ts";
import { takeRows } from "../metrics/triples.ts";
import type { LoadedRun } from "../runfolder/load-run.ts";
import type { RunRows } from "../runfolder/run-rows.ts";
import type { BootstrapOptions } from "../stats/bootstrap.ts";
import type { Order } from "../types.ts";
import type { NamedScores } from "./scores.ts";
import { asWritten } from "./subject.ts";

/**
 * Scores what the readings alone say: without the calibration where the run applied one, and each order by itself where
 * rows were scored in both. Probabilities are clipped as the submission's.
 */
export function rawScores(
  { rows, config }: Pick<LoadedRun, "rows" | "config">,
  { truth, groups }: { readonly truth: Float64Array; readonly groups: Uint32Array },
  options: BootstrapOptions,
): NamedScores[] {
  const both = rowsInBoth(rows);
  const score = (name: string, members: Uint32Array, probabilities: Float64Array): NamedScores => {
    const labels = takeRows({ probabilities: truth, truth, groups }, members);
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

/** Studies what swapping does to the raw readings of the rows scored in both orders; null when there are none. */
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

/** Probabilities of [a, b, tie] of the file that the readings in one order give. */
function oneOrder({ readings }: RunRows, members: Uint32Array, order: Order): Float64Array {
  return Float64Array.from(
    [...members].flatMap((row) => {
      const shown = readingsOf(readings, row)[order];
      if (shown === null) throw new Error(`row ${row} was not scored in the order ${order}`);
      return inFileTerms(shown, order).map(Math.exp);
    }),
  );
}

/** The mean of the orders' probabilities; rows without a reading keep what they have. */
function uncalibrated({ ids, readings, probabilities }: RunRows): Float64Array {
  const raw = Float64Array.from(probabilities);
  for (const row of ids.keys()) {
    const found = readingsOf(readings, row);
    if (found.ab !== null || found.ba !== null) raw.set(rawProbabilities(found), 3 * row);
  }
  return raw;
}
