import { classPrior } from "../metrics/class-prior.ts";
import { logLosses } from "../metrics/log-loss.ts";
import { takeTriples } from "../metrics/triples.ts";
import { mean } from "../numbers/sums.ts";
import { applyCalibration } from "./apply.ts";
import { createFitter, type Fitter, type Kind, type Labelled } from "./fit.ts";
import { readingsOf } from "./readings.ts";

/** What was fitted to other folds says about each row, as the mean over several ways of dealing rows into folds. */
export interface Predictions {
  /** Three for each row: the mean of the probabilities. */
  readonly probabilities: Float64Array;
  /** The mean of the log losses (nats): what one fit loses on average, which the mean of the probabilities flatters. */
  readonly losses: Float64Array;
  /** Mean log loss of each way of dealing, nats. */
  readonly byDeal: readonly number[];
}

export interface OutOfFold {
  readonly byKind: ReadonlyMap<Kind, Predictions>;
  /** The share of each class in the other folds. */
  readonly prior: Predictions;
}

/**
 * Predicts each fold from the others, once for every way of dealing the rows into folds, every kind of calibration, and the
 * class prior. One way alone would leave the outcome to the luck of the deal.
 */
export function crossValidate(kinds: readonly Kind[], labelled: Labelled, deals: readonly Uint8Array[]): OutOfFold {
  const fitters = new Map(kinds.map((kind) => [kind, createFitter(kind, labelled)]));
  const predicted = deals.map((folds) => predictOnce(fitters, labelled, folds));
  return {
    byKind: new Map(
      kinds.map((kind) => [
        kind,
        average(
          predicted.map(({ byKind }) => byKind.get(kind) ?? new Float64Array()),
          labelled.truth,
        ),
      ]),
    ),
    prior: average(
      predicted.map(({ prior }) => prior),
      labelled.truth,
    ),
  };
}

function predictOnce(fitters: ReadonlyMap<Kind, Fitter>, labelled: Labelled, folds: Uint8Array) {
  const byKind = new Map([...fitters.keys()].map((kind) => [kind, new Float64Array(labelled.truth.length)]));
  const prior = new Float64Array(labelled.truth.length);
  const rows = Uint32Array.from(folds.keys());
  for (const fold of new Set(folds)) {
    const held = rows.filter((row) => folds[row] === fold);
    const others = rows.filter((row) => folds[row] !== fold);
    const shares = classPrior(takeTriples(labelled.truth, others));
    for (const row of held) prior.set(shares, 3 * row);
    for (const [kind, fitTo] of fitters) {
      const parameters = fitTo(others);
      for (const row of held) {
        byKind.get(kind)?.set(applyCalibration(parameters, readingsOf(labelled.readings, row)), 3 * row);
      }
    }
  }
  return { byKind, prior };
}

function average(predicted: readonly Float64Array[], truth: Float64Array): Predictions {
  const losses = predicted.map((probabilities) => logLosses(probabilities, truth));
  return {
    probabilities: meanOfArrays(predicted),
    losses: meanOfArrays(losses),
    byDeal: losses.map(mean),
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
