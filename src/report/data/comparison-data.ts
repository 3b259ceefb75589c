import type { Estimate, Field, Scores } from "./run-data.ts";

/** All data that the page of a comparison shows. */
export interface ComparisonData {
  readonly name: string;
  /** Program and version, for example `abtie 0.1.0`. */
  readonly program: string;
  /** Time at which the report was made, ms since 1970. */
  readonly madeAt: number;
  readonly facts: readonly Field[];
  readonly notes: readonly string[];
  /** Reasons why the comparison may be unfair, one sentence each. */
  readonly warnings: readonly string[];
  /** Number of rows that every variant has scored. */
  readonly rows: number;
  /** Number of different prompts in these rows. */
  readonly groups: number;
  /**
   * Log loss (nats) of predicting for every row the share of each class in these rows. This baseline needs no judge.
   */
  readonly priorLogLoss: number;
  /** The job for which durations are forecast. */
  readonly job: { readonly rows: number; readonly deadlineMs: number | null };
  readonly variants: readonly VariantResult[];
  readonly pairs: readonly Pair[];
  /**
   * Largest change in log loss (nats) when the same rows are scored again in other batches. A smaller difference
   * between variants proves nothing. Null when it was not measured.
   */
  readonly noiseFloor: number | null;
  /** Null when no server reports its prefix cache. */
  readonly prefixCache: PrefixCache | null;
  /** Null when the comparison was not allowed to stop early. */
  readonly stopping: Stopping | null;
}

/** One variant: another template, or another value of any key of the config. */
export interface VariantResult {
  readonly name: string;
  readonly raw: Scores;
  /**
   * Scores of probabilities that a calibration predicted for rows on which it was not fitted (out of fold); null when
   * no calibration was fitted.
   */
  readonly calibrated: Scores | null;
  /**
   * Log loss of the class prior minus that of the variant, in nats, paired by row. The calibrated probabilities are
   * used if known, else the raw ones.
   */
  readonly gainOverPrior: Estimate;
  readonly mass: { readonly median: number; readonly p5: number } | null;
  /** Share of rows for which the predicted class changes with the order; null unless both orders were scored. */
  readonly flipRate: Estimate | null;
  /**
   * Share of rows with a change that favours the answer shown first, minus the share with a change that favours the one
   * shown second; null unless both orders were scored.
   */
  readonly positionBias: number | null;
  readonly tokensPerRow: number;
  readonly secondsPerRow: number;
  /** Forecast duration of the job, ms. */
  readonly jobMs: number;
  /** Whether the job fits its deadline; null without a deadline. */
  readonly fits: boolean | null;
}

/** Counts of the prompt tokens of all variants. */
export interface PrefixCache {
  /** Tokens that the servers looked up in their prefix caches, and tokens that they found there. */
  readonly looked: number;
  readonly found: number;
  /**
   * Tokens that were sent, and tokens at the start of a prompt that equal the start of an earlier prompt of the same
   * variant.
   */
  readonly prepared: number;
  readonly shared: number;
}

/** The comparison of two variants on the same rows. */
export interface Pair {
  readonly first: string;
  readonly second: string;
  /** The probabilities that are compared. */
  readonly measure: "raw" | "calibrated";
  readonly rows: number;
  /** Log loss of the first variant minus that of the second, nats. A value above 0 means that the second is better. */
  readonly difference: Estimate;
  /** The p value of `difference`; null when there are too few rows. */
  readonly p: number | null;
  /** The p value of `difference`, adjusted for the number of pairs (Holm). */
  readonly adjustedP: number | null;
  /**
   * The p value of the exact McNemar test of the accuracies, also adjusted for the number of pairs; null when not
   * computed.
   */
  readonly mcnemarP: number | null;
  /**
   * The variant that is shown to be better; null when neither is, or when the difference does not exceed the noise
   * floor.
   */
  readonly better: "first" | "second" | null;
  /** The result in one sentence without a full stop. */
  readonly sentence: string;
}

/** The history of early stopping. */
export interface Stopping {
  /** Number of rows after which the comparison stopped; null when it did not stop early. */
  readonly stoppedAt: number | null;
  /** Number of rows that could have been scored. */
  readonly available: number;
  /** One confidence sequence for each monitored pair. Its intervals hold at all looks at the same time. */
  readonly paths: readonly StoppingPath[];
}

export interface StoppingPath {
  readonly first: string;
  readonly second: string;
  readonly looks: readonly StoppingLook[];
}

export interface StoppingLook {
  readonly rows: number;
  readonly difference: Estimate;
}
