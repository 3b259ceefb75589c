import type { Parameters } from "../calibrate/apply.ts";
import { perClass, uniform } from "../classes.ts";
import type { Classes, PerClass } from "../types.ts";
import type { AnswerCounts } from "./steps.ts";

/** The weights of the two judges in the logarithmic pool of a row that both have answered; not negative, without a unit. */
export interface PoolWeights {
  readonly small: number;
  readonly large: number;
}

/** The counts of a row that both judges have answered. */
export const POOLED = ["11", "12", "21", "22"] as const;
export type PooledKey = (typeof POOLED)[number];

/** From which counts to which counts a row may come, small judge first. A row always has an answer of the small judge. */
export const MOVES = [
  "10>20",
  "10>11",
  "10>12",
  "10>21",
  "10>22",
  "20>21",
  "20>22",
  "11>12",
  "11>21",
  "11>22",
  "12>22",
  "21>22",
] as const;
export type Move = (typeof MOVES)[number];

/** How the answers of two judges become the probabilities of a row. */
export interface Combination {
  /** The share of each class; what a row has before any answer. */
  readonly prior: PerClass;
  /** The calibration of each judge. */
  readonly judges: readonly [small: Parameters, large: Parameters];
  readonly weights: Readonly<Record<PooledKey, PoolWeights>>;
}

/** A combination, and what further answers are expected to bring. */
export interface EscalationModel extends Combination {
  /** By how many nats each move lowers the log loss, per unit of the row's impurity; not negative. */
  readonly falls: Readonly<Record<Move, number>>;
}

/**
 * The model of judges of which no labelled row is known. The log probabilities of both orders are averaged, and the large judge
 * replaces the small one. How much each step brings is then a guess; only the ratio of these numbers has an effect.
 */
export function defaultEscalation(classes: Classes): EscalationModel {
  const unchanged = { scale: 1, bias: perClass(classes, () => 0), first: 0, both: 1 };
  const replaced = { small: 0, large: 1 };
  return {
    prior: uniform(classes),
    judges: [unchanged, unchanged],
    weights: { "11": replaced, "12": replaced, "21": replaced, "22": replaced },
    falls: {
      "10>20": 0.03,
      "10>11": 0.1,
      "10>12": 0.12,
      "10>21": 0.1,
      "10>22": 0.12,
      "20>21": 0.08,
      "20>22": 0.1,
      "11>12": 0.02,
      "11>21": 0,
      "11>22": 0.02,
      "12>22": 0,
      "21>22": 0.02,
    },
  };
}

/** Gives the key of the move between two counts; null when the model has none, for example because nothing is added. */
export function moveBetween(from: AnswerCounts, to: AnswerCounts): Move | null {
  return MOVE_OF.get(27 * from[0] + 9 * from[1] + 3 * to[0] + to[1]) ?? null;
}

/** The moves by their four counts as the digits of a number with base 3. */
const MOVE_OF: ReadonlyMap<number, Move> = new Map(
  MOVES.map((move) => [Number.parseInt(move.replace(">", ""), 3), move]),
);
