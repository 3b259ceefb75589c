import type { Estimate, Field, Scores } from "./run-data.ts";

/** Everything that the page of a comparison shows. */
export interface ComparisonData {
  readonly name: string;
  /** Program and version, for example `abtie 0.1.0`. */
  readonly program: string;
  /** When the report was made, ms since 1970. */
  readonly madeAt: number;
  readonly facts: readonly Field[];
  readonly notes: readonly string[];
  /** Why the comparison may not be fair. One sentence each. */
  readonly warnings: readonly string[];
  /** Rows that every variant has scored. */
  readonly rows: number;
  /** Different prompts among them. */
  readonly groups: number;
  /** Log loss (nats) of the share of each class in these rows, the baseline that needs no judge. */
  readonly priorLogLoss: number;
  /** The job whose duration is forecast. */
  readonly job: { readonly rows: number; readonly deadlineMs: number | null };
  readonly variants: readonly VariantResult[];
  readonly pairs: readonly Pair[];
  /** Differences in log loss smaller than this (nats) are no larger than the changes from batch to batch; null when not measured. */
  readonly noiseFloor: number | null;
  /** Null when no server reports on its prefix cache. */
  readonly prefixCache: PrefixCache | null;
  /** Null when the comparison was not allowed to stop early. */
  readonly stopping: Stopping | null;
}

/** One variant: a template, or any other part of the config. */
export interface VariantResult {
  readonly name: string;
  readonly raw: Scores;
  /** Out of fold; null when not fitted. */
  readonly calibrated: Scores | null;
  /** Log loss of the class prior minus that of the calibrated probabilities, else the raw ones; nats, paired by row. */
  readonly gainOverPrior: Estimate;
  readonly mass: { readonly median: number; readonly p5: number } | null;
  /** Share of rows whose predicted class changes with the order; null unless both were scored. */
  readonly flipRate: Estimate | null;
  /** Share of rows that change towards the answer shown first minus those towards the second; null unless both were scored. */
  readonly positionBias: number | null;
  readonly tokensPerRow: number;
  readonly secondsPerRow: number;
  /** Forecast for the job, ms. */
  readonly jobMs: number;
  /** Whether the job fits its deadline; null without a deadline. */
  readonly fits: boolean | null;
}

/** Prompt tokens of all variants. */
export interface PrefixCache {
  /** Tokens that the servers looked up in their prefix caches, and those that they found there. */
  readonly looked: number;
  readonly found: number;
  /** Tokens that were sent, and those that began like an earlier prompt of the same variant. */
  readonly prepared: number;
  readonly shared: number;
}

/** Two variants on the same rows. */
export interface Pair {
  readonly first: string;
  readonly second: string;
  /** Which probabilities are compared. */
  readonly measure: "raw" | "calibrated";
  readonly rows: number;
  /** Log loss of the first minus that of the second, nats: above 0 the second is better. */
  readonly difference: Estimate;
  /** The p value of that difference; null when there are too few rows. */
  readonly p: number | null;
  /** The same, adjusted for the number of pairs (Holm). */
  readonly adjustedP: number | null;
  /** Exact McNemar test of the accuracies, adjusted likewise; null when not computed. */
  readonly mcnemarP: number | null;
  /** The one that is shown to be better; null when neither is, or when the noise floor is larger. */
  readonly better: "first" | "second" | null;
  /** The result in one sentence without a full stop. */
  readonly sentence: string;
}

/** The course of early stopping. */
export interface Stopping {
  /** Rows examined when it stopped; null when it never did. */
  readonly stoppedAt: number | null;
  /** Rows that were available. */
  readonly available: number;
  /** One confidence sequence for each monitored pair, valid at every look. */
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
