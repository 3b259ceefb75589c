import { type ClassMatrix, pickRows } from "../class-matrix.ts";
import { perClass } from "../classes.ts";
import type { Classes, Order, PerClass } from "../types.ts";
import { applyCalibration, type Parameters } from "./apply.ts";
import { fitLogistic } from "./logistic.ts";
import { fileLogProbs, ordersOf, type Readings, readingsOf } from "./readings.ts";

/** The kinds of calibration, from the simplest to the most flexible. */
export const KINDS = ["temperature", "temperature-bias", "temperature-bias-position"] as const;
export type Kind = (typeof KINDS)[number];

/** Rows with their labels and readings. To fit a calibration, every row needs at least one reading. */
export interface LabelledReadings {
  readonly readings: Readings;
  /** The labels: 1 for the winner and 0 for the others, or the shares of the votes; with the classes of the readings. */
  readonly truth: ClassMatrix;
  /** Group number of each row. Rows with the same prompt are one group. */
  readonly groups: Uint32Array;
}

/** Fits one kind of calibration to some of the rows. */
export type Fitter = (rows: Uint32Array) => Parameters;

/** Fits a calibration to some rows. */
export function fitCalibration(kind: Kind, labelled: LabelledReadings, rows: Uint32Array): Parameters {
  return createFitter(kind, labelled)(rows);
}

/**
 * Creates a function that fits one kind of calibration to different sets of rows. A fit minimises the log loss in two convex
 * steps: first the parameters that correct a single reading, over all readings (each of the two readings of a row with both
 * orders has weight 1/2); then the factor for the mean of both orders, over the rows that have both.
 */
export function createFitter(kind: Kind, labelled: LabelledReadings): Fitter {
  const observations = observe(labelled);
  const parameters = parametersOf(kind, labelled.truth.classes);
  const free = prepare(parameters, observations, labelled.truth);
  const withoutScale = (chosen: Uint8Array): Parameters => {
    const names = parameters.filter((name) => name !== "scale");
    return prepare(names, observations, labelled.truth)(chosen);
  };
  return (rows) => {
    const chosen = new Uint8Array(labelled.groups.length);
    for (const row of rows) chosen[row] = 1;
    const found = free(chosen);
    // The loss is convex, so where the best scale is negative, the best scale that is not negative is 0. A judge that is
    // worse than chance is therefore ignored and not inverted.
    const single = found.scale > 0 ? found : withoutScale(chosen);
    return { ...single, both: fitBoth(single, labelled, rows) };
  };
}

/** One reading of a row. */
interface Observation {
  readonly row: number;
  readonly order: Order;
  readonly logits: PerClass;
  readonly weight: number;
}

function observe({ readings, groups }: LabelledReadings): readonly Observation[] {
  return [...groups.keys()].flatMap((row) => {
    const orders = ordersOf(readingsOf(readings, row));
    return orders.map(([order, shown]) => ({
      row,
      order,
      weight: 1 / orders.length,
      logits: fileLogProbs(shown, order),
    }));
  });
}

function prepare(
  names: readonly ParameterName[],
  observations: readonly Observation[],
  truth: ClassMatrix,
): (chosen: Uint8Array) => Parameters {
  const { classes } = truth;
  const features = new Float64Array(classes.length * names.length * observations.length);
  let index = 0;
  for (const one of observations) {
    for (let k = 0; k < classes.length; k += 1) {
      for (const name of names) {
        features[index] = featureOf(name, k, one);
        index += 1;
      }
    }
  }
  const data = { features, truth: truthOf(truth, observations) };
  const centre = Float64Array.from(names, (name) => (name === "scale" ? 1 : 0));
  // The result of one fit is a good start for the next fit, because fits to different sets of rows have similar results.
  let last: Float64Array = centre;
  return (chosen) => {
    const weights = Float64Array.from(observations, ({ row, weight }) => (chosen[row] === 1 ? weight : 0));
    const found = fitLogistic({ ...data, weights }, centre, last);
    last = found;
    const value = (name: ParameterName): number => found[names.indexOf(name)] ?? 0;
    const lean = value("lean");
    const bias = perClass(classes, (_, k) => [lean, 0 - lean, value("tie")][k] ?? 0);
    return { scale: value("scale"), bias, first: value("first"), both: 1 };
  };
}

type ParameterName = "scale" | "lean" | "tie" | "first";

const PARAMETERS = {
  temperature: ["scale"],
  "temperature-bias": ["scale", "lean", "tie"],
  "temperature-bias-position": ["scale", "lean", "tie", "first"],
} as const satisfies Record<Kind, readonly ParameterName[]>;

function parametersOf(kind: Kind, classes: Classes): readonly ParameterName[] {
  return PARAMETERS[kind].filter((name) => name !== "tie" || classes.length === 3);
}

/** Returns the factor by which a parameter enters the logit of class k. */
function featureOf(name: ParameterName, k: number, one: Observation): number {
  switch (name) {
    case "scale":
      return one.logits[k] ?? 0;
    case "lean":
      return k === 0 ? 1 : k === 1 ? -1 : 0;
    case "tie":
      return k === 2 ? 1 : 0;
    case "first":
      return k === (one.order === "ab" ? 0 : 1) ? 1 : 0;
    default:
      return name satisfies never;
  }
}

function fitBoth(single: Parameters, labelled: LabelledReadings, rows: Uint32Array): number {
  const observations = [...rows].flatMap((row) => {
    const readings = readingsOf(labelled.readings, row);
    return readings.ab === null || readings.ba === null ? [] : [{ row, readings }];
  });
  const features = Float64Array.from(
    observations.flatMap(({ readings }) => applyCalibration(single, readings).map(Math.log)),
  );
  const weights = new Float64Array(observations.length).fill(1);
  const [both] = fitLogistic({ features, truth: truthOf(labelled.truth, observations), weights }, Float64Array.of(1));
  return Math.max(0, both ?? 1);
}

function truthOf(truth: ClassMatrix, observations: readonly { readonly row: number }[]): ClassMatrix {
  return pickRows(
    truth,
    Uint32Array.from(observations, ({ row }) => row),
  );
}
