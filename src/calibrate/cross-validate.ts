import { type ClassMatrix, setRow } from "../class-matrix.ts";
import { logLosses } from "../metrics/log-loss.ts";
import { shuffledIndexes } from "../numbers/random.ts";
import { mean } from "../numbers/sums.ts";
import { applyCalibration } from "./apply.ts";
import { createFitter, type Fitter, type Kind, type LabelledReadings } from "./fit.ts";
import { readingsOf } from "./readings.ts";

/**
 * Predictions for each row, each by a fit to the folds that do not contain the row, averaged over several divisions of the rows
 * into folds ("repeats").
 */
export interface Predictions {
  /** The probabilities, averaged over the repeats. */
  readonly probabilities: ClassMatrix;
  /**
   * The log loss of each row, in nats, averaged over the repeats. The log loss of the averaged probabilities would be smaller.
   */
  readonly losses: Float64Array;
  /** Mean log loss of each repeat, in nats. */
  readonly byRepeat: readonly number[];
}

export interface OutOfFold {
  readonly byKind: ReadonlyMap<Kind, Predictions>;
}

/**
 * Divides the rows into folds so that rows of one group stay together. It sorts the groups by size, the largest first and equal
 * ones in random order, and gives each group to the fold that has the fewest rows so far. Returns the fold of each row.
 */
export function groupedFolds(groups: Uint32Array, folds: number, seed: number): Uint8Array {
  const sizes = new Map<number, number>();
  for (const group of groups) sizes.set(group, (sizes.get(group) ?? 0) + 1);
  const entries = [...sizes];
  const order = [...shuffledIndexes(entries.length, seed)]
    .flatMap((index) => entries.slice(index, index + 1))
    .sort(([, one], [, other]) => other - one);
  const filled = new Array<number>(folds).fill(0);
  const foldOf = new Map<number, number>();
  for (const [group, size] of order) {
    const fold = filled.indexOf(Math.min(...filled));
    filled[fold] = (filled[fold] as number) + size;
    foldOf.set(group, fold);
  }
  return Uint8Array.from(groups, (group) => foldOf.get(group) as number);
}

/**
 * Predicts each fold from the other folds, with every kind of calibration. Repeats this for every
 * division of the rows into folds (repeated cross-validation), because the result of a single division depends on chance.
 */
export function crossValidate(
  kinds: readonly Kind[],
  labelled: LabelledReadings,
  divisions: readonly Uint8Array[],
): OutOfFold {
  const fitters = new Map(kinds.map((kind) => [kind, createFitter(kind, labelled)]));
  const predicted = divisions.map((folds) => predictOnce(fitters, labelled, folds));
  return {
    byKind: new Map(
      kinds.map((kind) => [
        kind,
        average(
          predicted.flatMap(({ byKind }) => byKind.get(kind) ?? []),
          labelled.truth,
        ),
      ]),
    ),
  };
}

function predictOnce(fitters: ReadonlyMap<Kind, Fitter>, labelled: LabelledReadings, folds: Uint8Array) {
  const { truth } = labelled;
  const empty = (): ClassMatrix => ({ classes: truth.classes, values: new Float64Array(truth.values.length) });
  const byKind = new Map([...fitters.keys()].map((kind) => [kind, empty()]));
  const rows = Uint32Array.from(folds.keys());
  for (const fold of new Set(folds)) {
    const heldOut = rows.filter((row) => folds[row] === fold);
    const others = rows.filter((row) => folds[row] !== fold);
    for (const [kind, fitTo] of fitters) {
      const parameters = fitTo(others);
      const predicted = byKind.get(kind);
      if (predicted === undefined) throw new Error(`no predictions for the kind ${kind}`);
      for (const row of heldOut) {
        setRow(predicted, row, applyCalibration(parameters, readingsOf(labelled.readings, row)));
      }
    }
  }
  return { byKind };
}

function average(predicted: readonly ClassMatrix[], truth: ClassMatrix): Predictions {
  const losses = predicted.map((probabilities) => logLosses(probabilities, truth));
  return {
    probabilities: { classes: truth.classes, values: meanOfArrays(predicted.map(({ values }) => values)) },
    losses: meanOfArrays(losses),
    byRepeat: losses.map(mean),
  };
}

function meanOfArrays(arrays: readonly Float64Array[]): Float64Array {
  const mean = new Float64Array(arrays[0]?.length ?? 0);
  for (const values of arrays) {
    for (let index = 0; index < mean.length; index += 1) {
      mean[index] = (mean[index] as number) + (values[index] as number) / arrays.length;
    }
  }
  return mean;
}
