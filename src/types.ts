/** The classes of a judgement, in the order that numbers by class always have. Labels of a data file may name any. */
export const CLASSES = ["a", "b", "tie"] as const;
export type ClassName = (typeof CLASSES)[number];

/** The classes of a judge that knows no tie. */
export const WITHOUT_TIE = ["a", "b"] as const;

/**
 * The classes that a judge chooses between. `src/judge/classes.ts` decides which a judge has; everything that holds
 * numbers by class has as many numbers as the judge has classes.
 */
export type Classes = typeof CLASSES | typeof WITHOUT_TIE;

/** One number per class of a judge: [a, b, tie], or [a, b] when it knows no tie. As probabilities they sum to 1. */
export type PerClass = readonly [a: number, b: number] | readonly [a: number, b: number, tie: number];

/** Index of a class in `Classes` and `PerClass`. */
export type ClassIndex = 0 | 1 | 2;

/**
 * Lowest and highest value of a probability. Each probability of a row is clipped to them before they are divided by
 * their sum.
 */
export type Clip = readonly [low: number, high: number];

/** The text of one turn; null if the data contains null. */
export type Turn = string | null;

/**
 * One comparison exactly as the data file contains it: ids are strings, and turns may be null, empty or ill-formed
 * UTF-16.
 */
export interface Row {
  /** Position in the file, counted from 0. */
  readonly index: number;
  readonly id: string;
  readonly prompts: readonly Turn[];
  readonly responsesA: readonly Turn[];
  readonly responsesB: readonly Turn[];
}

/** The order in which the two answers were shown: "ab" as in the file, "ba" swapped. */
export type Order = "ab" | "ba";

/**
 * The label probabilities from the next-token distribution after one prompt, in the order shown (not swapped back).
 */
export interface Reading {
  /**
   * Log probability (nats) of each label, with the probabilities of the label's texts added up. They are over the whole
   * vocabulary if `mass` is known.
   */
  readonly logProbs: PerClass;
  /**
   * Sum of the labels' probabilities over the whole vocabulary; null when the server gives only probabilities relative
   * to the labels.
   */
  readonly mass: number | null;
  /** True when a label was missing in the answer, so that its log probability is an upper bound. */
  readonly bounded: boolean;
}

/** The source of a row's probabilities, from best to worst: the orders of the second of two judges if it answered, else those of the first. */
export type Obtained =
  | "second-judge-both-orders"
  | "second-judge-one-order"
  | "both-orders"
  | "one-order"
  | "one-order-short"
  | "prior";

/** What is said of a row besides its probabilities: a set of verdicts, and whether the verdict is not to be relied on. */
export interface RowVerdict {
  /** The classes that the row may have, at the coverage of the calibration; empty when the row is unlike the labelled ones. */
  readonly set: readonly ClassName[];
  readonly abstains: boolean;
}

/** The names of the columns that are read. Other columns of the file are ignored. */
export interface Columns {
  readonly id: string;
  readonly prompt: string;
  readonly responseA: string;
  readonly responseB: string;
  /**
   * The weights of the classes a, b and tie: 1 for one class and 0 for the others, or any weights that are not negative.
   * A file without ties may lack the third. A submission has those of its judge's classes.
   */
  readonly labels: readonly [a: string, b: string, tie: string];
  /** The labels of all annotators, separated by "|": "A|B|tie". */
  readonly votes: string;
  /** One column with the label as a word or a code; null to look for one by its usual names. */
  readonly label: string | null;
  /** The class of each value of `label`; null when its values are words. */
  readonly codes: Readonly<Record<string, ClassName>> | null;
}

/**
 * The names of the columns in the LMSYS preference data. A column that is not there under this name is looked for under
 * the names of other data sets; a name that a person gave is looked for alone.
 */
export const DEFAULT_COLUMNS: Columns = {
  id: "id",
  prompt: "prompt",
  responseA: "response_a",
  responseB: "response_b",
  labels: ["winner_model_a", "winner_model_b", "winner_tie"],
  votes: "votes",
  label: null,
  codes: null,
};

/** The form in which a run writes its results. */
export interface OutputForm {
  /** A submission has ids and probabilities alone; the other kinds also have what is known of each row. */
  readonly kind: "submission" | "wide" | "jsonl" | "parquet";
  readonly gzip: boolean;
  /** The columns of the input that the output repeats. */
  readonly columns: readonly string[] | "all";
}

/** Levels of log lines; all of them go to stderr. "debug" is for a person who looks for the reason of something. */
export type Level = "debug" | "info" | "warn" | "error";

/** Receives messages of the program for a person. */
export type Log = (level: Level, text: string) => void;

/**
 * The clock: milliseconds since 1970 for dates, and a monotonic count of ms for durations. Code below cli/ gets it as a
 * parameter.
 */
export interface Clock {
  readonly now: () => number;
  readonly monotonic: () => number;
  /** Resolves after `ms` milliseconds; rejects with the signal's reason when the signal aborts. */
  readonly sleep: (ms: number, signal?: AbortSignal) => Promise<void>;
}
