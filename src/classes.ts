import { logSumExp, mean } from "./numbers/sums.ts";
import {
  CLASSES,
  type Classes,
  type ClassIndex,
  type ClassName,
  type Order,
  type PerClass,
  WITHOUT_TIE,
} from "./types.ts";

/** Makes numbers by class. `numberOf` is called once for each class. */
export function perClass(classes: Classes, numberOf: (name: ClassName, index: ClassIndex) => number): PerClass {
  const [a, b] = [numberOf("a", 0), numberOf("b", 1)];
  return classes.length === 2 ? [a, b] : [a, b, numberOf("tie", 2)];
}

/** The name of each class for a person. */
export const CLASS_TEXT: Readonly<Record<ClassName, string>> = { a: "A", b: "B", tie: "tie" };

/** Returns the classes of a judge that knows a tie, or of one that knows none. */
export function classesOf(knowsTie: boolean): Classes {
  return knowsTie ? CLASSES : WITHOUT_TIE;
}

/** Makes equal shares: 1/2 or 1/3 for each class. */
export function uniform(classes: Classes): PerClass {
  return perClass(classes, () => 1 / classes.length);
}

/** Changes each number. */
export function mapClasses(values: PerClass, change: (value: number, index: ClassIndex) => number): PerClass {
  const [a, b] = [change(values[0], 0), change(values[1], 1)];
  return values.length === 2 ? [a, b] : [a, b, change(values[2], 2)];
}

/** Swaps A and B, so that the number of the answer shown first becomes that of the answer shown second. */
export function swap(values: PerClass): PerClass {
  return values.length === 2 ? [values[1], values[0]] : [values[1], values[0], values[2]];
}

/** Turns numbers of the first shown, the second shown and the tie into those of a, b and tie of the file, or the reverse. */
export function swapBack(values: PerClass, order: Order): PerClass {
  return order === "ab" ? values : swap(values);
}

/** Mixes two lists of the same classes: weight * one + (1 - weight) * other, with a weight from 0 to 1. */
export function mix(one: PerClass, other: PerClass, weight: number): PerClass {
  return mapClasses(one, (value, k) => weight * value + (1 - weight) * numberOf(other, k));
}

/** Averages at least one list of the same classes. */
export function meanByClass(lists: readonly PerClass[]): PerClass {
  const [first] = lists;
  if (first === undefined) throw new Error("the mean of no numbers");
  return mapClasses(first, (_, k) => mean(lists.map((values) => numberOf(values, k))));
}

/** Computes the total variation distance of two distributions, 0 to 1: half the sum of the absolute differences. */
export function distance(one: PerClass, other: PerClass): number {
  return one.reduce<number>((sum, value, k) => sum + Math.abs(value - numberOf(other, k)) / 2, 0);
}

/**
 * Turns log weights (nats) into log probabilities by subtracting the logarithm of the sum of their exponentials. All but
 * one may be -Infinity. If all are, there is no answer, and the result is NaN.
 */
export function logSoftmax(logits: PerClass): PerClass {
  const logSum = logSumExp(logits);
  return mapClasses(logits, (value) => value - logSum);
}

/** Turns log weights (nats) into probabilities; see logSoftmax for -Infinity. */
export function softmax(logits: PerClass): PerClass {
  const largest = Math.max(...logits);
  const powers = mapClasses(logits, (value) => Math.exp(value - largest));
  const sum = powers.reduce<number>((total, power) => total + power, 0);
  return mapClasses(powers, (power) => power / sum);
}

/**
 * Finds the index of the largest number. Of equal numbers, the first in the order a, b, tie is taken, as numpy.argmax
 * does.
 */
export function argmax([a, b, tie = Number.NEGATIVE_INFINITY]: PerClass): ClassIndex {
  if (a >= b && a >= tie) return 0;
  return b >= tie ? 1 : 2;
}

/**
 * Finds the class with the largest number; null when two classes share the largest number, and when there are no numbers.
 */
export function clearWinner(values: PerClass | null): ClassName | null {
  if (values === null) return null;
  const first = argmax(values);
  return values.lastIndexOf(numberOf(values, first)) === first ? CLASSES[first] : null;
}

/**
 * Compares the verdicts on one row in the orders "ab" and "ba", both swapped back (indices of a, b, tie). Returns 1
 * when the change favours the answer shown first, -1 when it favours the answer shown second, and 0 when the verdicts
 * are the same.
 */
export function flipDirection(ab: ClassIndex, ba: ClassIndex): -1 | 0 | 1 {
  // In the order "ab" the answer shown first is a; in the order "ba" it is b.
  const change = TOWARD_A[ab] - TOWARD_A[ba];
  return change === 0 ? 0 : change > 0 ? 1 : -1;
}

const TOWARD_A = [1, -1, 0] as const;

/** Returns the number of a class. Throws an Error when the list has none for it, which is a bug of the caller. */
function numberOf(values: PerClass, index: number): number {
  const value = values[index];
  if (value === undefined) throw new Error(`numbers of ${values.length} classes have none for class ${index + 1}`);
  return value;
}
