import type { PerClass } from "../../types.ts";
import type { Estimate, Field, Scores } from "./run-data.ts";

/** The data that every comparison has, with labels or without. */
export interface ComparisonBase {
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
  /** The job for which durations are forecast. */
  readonly job: { readonly rows: number; readonly deadlineMs: number | null };
  /** The agreement of each pair of variants. */
  readonly agreement: readonly PairAgreement[];
  /** Null when no server reports its prefix cache. */
  readonly prefixCache: PrefixCache | null;
}

/** All data that the page of a comparison by labels shows. */
export interface ComparisonData extends ComparisonBase {
  readonly kind: "scores";
  /**
   * Log loss (nats) of predicting for every row the share of each class in these rows. This baseline needs no judge.
   */
  readonly priorLogLoss: number;
  readonly variants: readonly VariantResult[];
  readonly pairs: readonly Pair[];
  /**
   * Largest change in log loss (nats) when the same rows are scored again in other batches. A smaller difference
   * between variants proves nothing. Null when it was not measured.
   */
  readonly noiseFloor: number | null;
  /** Null when the comparison was not allowed to stop early. */
  readonly stopping: Stopping | null;
  /** Null unless the comparison was a race. */
  readonly race: Race | null;
}

/** All data that the page of a comparison without labels shows. It does not show which variant is better. */
export interface AgreementData extends ComparisonBase {
  readonly kind: "agreement";
  readonly variants: readonly VariantBase[];
}

/** What is known of a variant without labels. A variant is another template, or another value of any key of the config. */
export interface VariantBase {
  readonly name: string;
  /** Share of the rows by verdict, in the order a, b, tie. */
  readonly verdicts: PerClass;
  /** Mean probability of each class. */
  readonly meanProbabilities: PerClass;
  readonly mass: { readonly median: number; readonly p5: number } | null;
  /** Share of rows for which the predicted class changes with the order; null unless both orders were scored. */
  readonly flipRate: Estimate | null;
  /**
   * Share of rows with a change that favours the answer shown first, minus the share with a change that favours the one
   * shown second; null unless both orders were scored.
   */
  readonly positionBias: number | null;
  /** Share of the verdicts that changed when a sample of the rows was scored again; null when none was. */
  readonly rescored: { readonly rows: number; readonly changed: Estimate } | null;
  readonly tokensPerRow: number;
  readonly secondsPerRow: number;
  /** Forecast duration of the job, ms. */
  readonly jobMs: number;
  /** Whether the job fits its deadline; null without a deadline. */
  readonly fits: boolean | null;
}

/** One variant of a comparison by labels. */
export interface VariantResult extends VariantBase {
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
}

/** The agreement of two variants on the rows that both have scored. */
export interface PairAgreement {
  readonly first: string;
  readonly second: string;
  /** Share of the rows with the same verdict. */
  readonly share: Estimate;
  /** Cohen's kappa, agreement beyond chance; null when both give every row the same verdict. */
  readonly kappa: Estimate | null;
  /** Mean total variation distance of the probabilities, 0 to 1. */
  readonly distance: number;
  /** Number of rows by the verdict of the first variant (outer) and of the second (inner), in the order a, b, tie. */
  readonly verdicts: readonly PerClass[];
  /** The rows on which the probabilities differ most, the largest difference first. */
  readonly most: readonly Disagreement[];
}

/** A row on which two variants disagree. */
export interface Disagreement {
  readonly id: string;
  /** Probabilities of both variants. */
  readonly first: PerClass;
  readonly second: PerClass;
  /** Total variation distance of the probabilities, 0 to 1. */
  readonly distance: number;
  /** The beginning of each text, with the turns separated by empty lines. */
  readonly prompt: string;
  readonly responseA: string;
  readonly responseB: string;
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

/** The result of a race: variants that were shown to be worse were dropped on the way. */
export interface Race {
  readonly winner: string;
  /** Whether the winner is shown to be better than, or as good as, each variant that was still in. */
  readonly isDecided: boolean;
  /** The variants that were still in beside the winner: not told apart from it, or as good. */
  readonly rivals: readonly string[];
  /** The dropped variants, with the number of rows after which another was shown to be better. */
  readonly dropped: readonly { readonly name: string; readonly after: number }[];
  /** Log loss of the winner on the rows of the race, nats. It is too good on average, because the best of many was chosen by it. */
  readonly asRaced: Estimate | null;
  /** Its scores on rows that had no part in the choice; null when none was scored. */
  readonly corrected: { readonly rows: number; readonly logLoss: Estimate; readonly accuracy: Estimate } | null;
  /** Prompts that were answered, and those that scoring every variant on all rows would take. */
  readonly prompts: { readonly used: number; readonly all: number };
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
