import { type ChoiceLogProbs, keyOf, malformed, readLogProb } from "../answer.ts";
import type { Method, TokenLogProbs } from "../types.ts";

/** One way of asking for the log probabilities of given tokens, and of reading what comes back. */
export interface Dialect {
  readonly method: Method;
  /** The fields that this way adds to a request for one token at temperature 0. */
  readonly request: (ids: readonly number[]) => Readonly<Record<string, unknown>>;
  /** Reads one choice. Throws RequestError("malformed") when it does not hold what was asked for. */
  readonly read: (choice: ChoiceLogProbs, ids: readonly number[]) => TokenLogProbs;
}

/** Labels that a server has normalised over themselves sum to 1, but for float32 rounding. */
const TOLERANCE = 1e-3;

/** Reads numbers over the whole vocabulary, of which every asked one must be there. */
export function readAbsolute(choice: ChoiceLogProbs, ids: readonly number[]): TokenLogProbs {
  const logProbs = readEvery(choice, ids);
  if (mass(logProbs) > 1 + TOLERANCE) throw malformed("gives the labels more than all of the probability", choice);
  return { logProbs, bound: null, absolute: true };
}

/** Reads numbers that the server normalised over the asked tokens: every one must be there, and they must sum to 1. */
export function readRelative(choice: ChoiceLogProbs, ids: readonly number[]): TokenLogProbs {
  const logProbs = readEvery(choice, ids);
  const sum = mass(logProbs);
  if (Math.abs(sum - 1) > TOLERANCE) {
    throw malformed(`gives the labels ${sum.toPrecision(3)} of the probability, where 1 was expected`, choice);
  }
  return { logProbs, bound: null, absolute: false };
}

function readEvery(choice: ChoiceLogProbs, ids: readonly number[]): ReadonlyMap<number, number> {
  const logProbs = new Map<number, number>();
  for (const id of ids) {
    const value = readLogProb(choice, keyOf(id));
    if (value === undefined) throw malformed(`lacks token ${id}`, choice);
    logProbs.set(id, value);
  }
  return logProbs;
}

function mass(logProbs: ReadonlyMap<number, number>): number {
  let sum = 0;
  for (const value of logProbs.values()) sum += Math.exp(value);
  return sum;
}
