import { classPrior } from "../metrics/class-prior.ts";
import { takeTriples } from "../metrics/triples.ts";
import { applyCalibration } from "./apply.ts";
import { fitCalibration, type Kind, type Labelled } from "./fit.ts";
import { readingsOf } from "./readings.ts";

/** Predictions for each row by what was fitted to the other folds. */
export interface OutOfFold {
  readonly byKind: ReadonlyMap<Kind, Float64Array>;
  /** The share of each class in the other folds. */
  readonly prior: Float64Array;
}

/** Predicts each fold from the others, once for every kind of calibration and for the class prior. */
export function crossValidate(kinds: readonly Kind[], labelled: Labelled, folds: Uint8Array): OutOfFold {
  const byKind = new Map(kinds.map((kind) => [kind, new Float64Array(labelled.truth.length)]));
  const prior = new Float64Array(labelled.truth.length);
  const rows = Uint32Array.from(folds.keys());
  for (const fold of new Set(folds)) {
    const held = rows.filter((row) => folds[row] === fold);
    const others = rows.filter((row) => folds[row] !== fold);
    const shares = classPrior(takeTriples(labelled.truth, others));
    for (const row of held) prior.set(shares, 3 * row);
    for (const [kind, predictions] of byKind) {
      const parameters = fitCalibration(kind, labelled, others);
      for (const row of held) {
        predictions.set(applyCalibration(parameters, readingsOf(labelled.readings, row)), 3 * row);
      }
    }
  }
  return { byKind, prior };
}
