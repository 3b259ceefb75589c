/** The three classes of a judgement in the order in which every triple of the project lists them. */
export const CLASSES = ["a", "b", "tie"] as const;
export type ClassName = (typeof CLASSES)[number];

/** One number per class: [a, b, tie]. As probabilities they sum to 1. */
export type Triple = readonly [a: number, b: number, tie: number];

/** Bounds to which each probability of a triple is clipped before the three are divided by their sum. */
export type Clip = readonly [low: number, high: number];

/** The text of one turn; null where the data holds null. */
export type Turn = string | null;

/** One comparison as the data file has it, nothing lost: ids stay strings, turns may be null, empty or ill-formed UTF-16. */
export interface Row {
  /** Position in the file, counted from 0. */
  readonly index: number;
  readonly id: string;
  readonly prompts: readonly Turn[];
  readonly responsesA: readonly Turn[];
  readonly responsesB: readonly Turn[];
}

/** In which order the two answers were shown: as in the file, or swapped. */
export type Order = "ab" | "ba";

/** What one prompt's next-token distribution says about the labels, in the order shown (not swapped back). */
export interface Reading {
  /** Log probability (nats) of each label, variants merged. Over the whole vocabulary when mass is known. */
  readonly logProbs: Triple;
  /** Sum of the labels' probabilities over the whole vocabulary; null when the server only gives numbers relative to the labels. */
  readonly mass: number | null;
  /** True when a label was not in the answer and its number is an upper bound. */
  readonly bounded: boolean;
}

/** How a row's probabilities were obtained, from best to worst. */
export type Obtained = "both-orders" | "one-order" | "one-order-short" | "prior";

/** Log line levels; stderr only. */
export type Level = "info" | "warn" | "error";

/** Where a part of the program says something to the person. */
export type Log = (level: Level, text: string) => void;

/** The clock: milliseconds since 1970 for dates, and a monotonic one for durations; passed in everywhere below cli/. */
export interface Clock {
  readonly now: () => number;
  readonly monotonic: () => number;
  /** Resolves after ms; rejects with the signal's reason when it aborts. */
  readonly sleep: (ms: number, signal?: AbortSignal) => Promise<void>;
}
