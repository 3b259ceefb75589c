import type { ClassMatrix } from "../class-matrix.ts";
import { type Local, minimiseConvex } from "./newton.ts";

/** Data of a logistic model over the classes whose logits are linear in a few parameters. */
export interface LogisticData {
  /** One number for each observation, class and parameter. The logit of a class is the sum of features · parameters. */
  readonly features: Float64Array;
  /** One number for each observation and class that is added to the logit; absent for 0. */
  readonly offsets?: Float64Array;
  /** The shares of the classes for each observation; they sum to 1. */
  readonly truth: ClassMatrix;
  /** The weight of each observation. */
  readonly weights: Float64Array;
}

/**
 * Fits the parameters: minimises the weighted log loss plus 0.05 · squared distance from the centre. This penalty keeps the
 * parameters finite even when they could predict all labels without error, and it is negligible compared with the loss of a few
 * hundred rows. `start` changes only the time of the fit, not the result.
 */
export function fitLogistic(data: LogisticData, centre: Float64Array, start: Float64Array = centre): Float64Array {
  return minimiseConvex((parameters) => lossAt(data, parameters, centre), start);
}

const RIDGE = 0.1;

function lossAt(data: LogisticData, parameters: Float64Array, centre: Float64Array): Local {
  const count = parameters.length;
  const gradient = new Float64Array(count);
  const hessian = new Float64Array(count * count);
  const expected = new Float64Array(count);
  const { classes, values: shares } = data.truth;
  const probabilities = new Float64Array(classes.length);
  let value = 0;
  for (let j = 0; j < count; j += 1) {
    const distance = at(parameters, j) - at(centre, j);
    value += (RIDGE / 2) * distance * distance;
    gradient[j] = RIDGE * distance;
    hessian[j * count + j] = RIDGE;
  }
  for (let observation = 0; observation < data.weights.length; observation += 1) {
    const weight = at(data.weights, observation);
    if (weight === 0) continue;
    const base = classes.length * count * observation;
    const logSum = softmaxInto(probabilities, data, observation, parameters);
    value += weight * logSum;
    expected.fill(0);
    for (let k = 0; k < classes.length; k += 1) {
      const p = at(probabilities, k);
      const share = at(shares, classes.length * observation + k);
      value -= weight * share * (data.offsets?.[classes.length * observation + k] ?? 0);
      for (let j = 0; j < count; j += 1) {
        const feature = at(data.features, base + k * count + j);
        value -= weight * share * feature * at(parameters, j);
        gradient[j] = at(gradient, j) + weight * (p - share) * feature;
        expected[j] = at(expected, j) + p * feature;
        for (let i = 0; i <= j; i += 1) {
          const product = p * feature * at(data.features, base + k * count + i);
          hessian[j * count + i] = at(hessian, j * count + i) + weight * product;
        }
      }
    }
    for (let j = 0; j < count; j += 1) {
      for (let i = 0; i <= j; i += 1) {
        hessian[j * count + i] = at(hessian, j * count + i) - weight * at(expected, j) * at(expected, i);
      }
    }
  }
  for (let j = 0; j < count; j += 1) {
    for (let i = 0; i < j; i += 1) hessian[i * count + j] = at(hessian, j * count + i);
  }
  return { value, gradient, hessian };
}

/**
 * Writes the softmax of an observation's logits into `into`, and returns the logarithm of the sum of the exponentials of the
 * logits.
 */
function softmaxInto(
  into: Float64Array,
  { features, offsets }: LogisticData,
  observation: number,
  parameters: Float64Array,
): number {
  for (let k = 0; k < into.length; k += 1) {
    const place = into.length * observation + k;
    let logit = offsets?.[place] ?? 0;
    for (let j = 0; j < parameters.length; j += 1) {
      logit += at(features, place * parameters.length + j) * at(parameters, j);
    }
    into[k] = logit;
  }
  const largest = Math.max(...into);
  let sum = 0;
  for (let k = 0; k < into.length; k += 1) {
    const power = Math.exp(at(into, k) - largest);
    into[k] = power;
    sum += power;
  }
  for (let k = 0; k < into.length; k += 1) into[k] = at(into, k) / sum;
  return largest + Math.log(sum);
}

function at(values: Float64Array, index: number): number {
  return values[index] as number;
}
