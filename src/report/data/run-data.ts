import type { VerdictSummary } from "../../evaluate/verdict-summary.ts";
import type { Band } from "../../runfolder/timeline/bands.ts";
import type { RequestPoint, TimelineForecast, Timing } from "../../runfolder/timeline/timeline.ts";
import type { Classes, Obtained, PerClass, Row } from "../../types.ts";

/** A number with its 95 % interval. Both ends are null when no interval was computed. */
export interface Estimate {
  readonly value: number;
  readonly low: number | null;
  readonly high: number | null;
}

/** One line in the list of the run's properties: model, template, engine, data and their hashes. */
export interface Field {
  readonly name: string;
  readonly value: string;
}

/** All data that the page of one run shows. Statistics are computed before; rendering only counts and formats. */
export interface ReportData {
  /** Name of the run, usually the name of its folder. */
  readonly name: string;
  /** Program and version, for example `abtie 0.1.0`. */
  readonly program: string;
  /** Time at which the report was made, ms since 1970. */
  readonly madeAt: number;
  readonly facts: readonly Field[];
  /** Definitions of the numbers: clipping, bins, resampling. One sentence each. */
  readonly notes: readonly string[];
  /** Reasons to doubt the numbers. One sentence each. */
  readonly warnings: readonly string[];
  /** The classes of the judge. */
  readonly classes: Classes;
  readonly rows: readonly ReportRow[];
  /** Null when only probabilities are known, for example for a bare submission. */
  readonly timing: Timing | null;
  readonly requests: readonly RequestPoint[];
  readonly forecasts: readonly TimelineForecast[];
  /** The ladder steps over time, without gaps; empty when unknown. */
  readonly bands: readonly Band[];
  /** Null when the rows have no labels. */
  readonly quality: Quality | null;
  /** The sets of verdicts; null unless the run applied a calibration that has rules for them. */
  readonly verdicts: VerdictSummary | null;
  /** Null unless the labels are those of a sample of the rows. */
  readonly fewLabels: FewLabelsData | null;
  /** Null for a run with one judge. */
  readonly judges: JudgesData | null;
  /** Null unless some rows were scored in both orders. */
  readonly position: PositionBias | null;
  /** The rows with the worst answers, the worst first. The page shows at most the first 20. */
  readonly worst: readonly WorstRow[];
}

/** What two judges of a run have answered. */
export interface JudgesData {
  readonly lines: readonly JudgesLine[];
  /** Number of rows of the run. */
  readonly rows: number;
  /** Whether the combination of the answers was fitted to labelled rows. */
  readonly isFitted: boolean;
}

/** The answers of one judge in one order. */
export interface JudgesLine {
  readonly name: string;
  readonly model: string;
  /** Number of rows that it answered. */
  readonly answers: number;
  /** By how many nats these answers lowered the log loss of labelled rows that were not fitted to; null when unknown. */
  readonly gain: Estimate | null;
}

/** One row with its probabilities as submitted. */
export interface ReportRow {
  readonly id: string;
  readonly probabilities: PerClass;
  /** Weights of the classes, which sum to 1; null when unknown, and for a tie when the judge knows none. */
  readonly truth: PerClass | null;
  /** Sum of the labels' probabilities over the whole vocabulary; null when unknown. */
  readonly mass: number | null;
  /** Prompt tokens of the row's answers, the sum over both orders; null when the row has no answer. */
  readonly tokens: number | null;
  /** Number of tokens that were cut so that the prompt fits the budget. */
  readonly cutTokens: number;
  readonly source: Obtained;
  /**
   * The failure or the note of the mass policy that makes the row's answer incomplete, in a few words; null for a full
   * answer.
   */
  readonly reason: string | null;
}

/** The quality of the probabilities, measured against labels. */
export interface Quality {
  /**
   * Scores of the probabilities as submitted, then, if known, of raw ones, of calibrated ones, and of single orders.
   */
  readonly scores: readonly Scores[];
  /** Predictions that need no judge: the class prior, and equal shares. Log loss in nats. */
  readonly baselines: readonly Baseline[];
  readonly reliability: readonly Reliability[];
  /** Weight of the rows by true class (outer) and by predicted class (inner), in the order of the classes. */
  readonly confusion: readonly PerClass[];
  readonly slices: readonly SliceGroup[];
}

/** The scores of one set of probabilities. */
export interface Scores {
  readonly name: string;
  /** Number of rows with a label. */
  readonly rows: number;
  /** Mean log loss, nats. */
  readonly logLoss: Estimate;
  readonly accuracy: Estimate;
  /** Brier score: the squared error summed over the classes, 0 to 2. */
  readonly brier: Estimate;
  /** Expected calibration error. */
  readonly ece: number;
  /**
   * The expected calibration error that a perfectly calibrated judge would have on so many rows; null when unknown.
   */
  readonly eceWhenCalibrated: number | null;
}

export interface Baseline {
  readonly name: string;
  /** Mean log loss, nats. */
  readonly logLoss: number;
  /**
   * Log loss of the baseline minus that of the probabilities as submitted, nats, paired by row. The interval is that of
   * the difference.
   */
  readonly gain: Estimate;
}

/** One reliability diagram. */
export interface Reliability {
  /** The class for which the probability is examined: "predicted class", or one of the classes. */
  readonly name: string;
  readonly ece: number | null;
  readonly bins: readonly ReliabilityPoint[];
}

export interface ReliabilityPoint {
  /** Mean predicted probability, 0 to 1. */
  readonly predicted: number;
  /** Share of rows in which the prediction came true, with its interval. */
  readonly observed: Estimate;
  readonly rows: number;
}

/** The scores of slices of the rows by one property: length, turns, script, shortened or not, source. */
export interface SliceGroup {
  readonly name: string;
  readonly slices: readonly Slice[];
}

export interface Slice {
  readonly name: string;
  readonly rows: number;
  readonly logLoss: Estimate;
  readonly accuracy: Estimate;
  readonly ece: number | null;
}

/** What the labels of some rows and the judgements of all rows say together. */
export interface FewLabelsData {
  /** Number of labelled rows, and of all rows. */
  readonly labels: number;
  readonly of: number;
  readonly lines: readonly FewLabelsLine[];
  /** The questions that labels settle. */
  readonly questions: readonly FewLabelsQuestion[];
}

/** One mean, by the labels alone and with the judgements of all rows. */
export interface FewLabelsLine {
  readonly name: string;
  /** The unit: nats, or a share from 0 to 1 (a difference of shares lies between -1 and 1). */
  readonly unit: "nats" | "share";
  readonly labelsOnly: Estimate;
  readonly powered: Estimate;
  /** Number of labels that would be as precise without the judgements; null when unknown. */
  readonly worth: number | null;
}

/** Whether a mean lies above or below a number, and how many more labels would tell. */
export interface FewLabelsQuestion {
  readonly name: string;
  readonly kind: "win-rate" | "log-loss" | "accuracy";
  /** The side on which the whole interval lies; null while that is open. */
  readonly side: "above" | "below" | null;
  /** Further labels that would settle it: with the judgements, and by labels alone; null when labels of all rows would not. */
  readonly moreLabels: { readonly powered: number | null; readonly labelsOnly: number | null };
}

/** The effect of swapping the answers, over the rows that were scored in both orders. */
export interface PositionBias {
  readonly rows: number;
  /** Share of rows for which the predicted class changes with the order. */
  readonly flipRate: Estimate;
  /**
   * Share of rows with a change that favours the answer shown first, and share with a change that favours the one shown
   * second. Their sum is the flip rate.
   */
  readonly towardFirst: number;
  readonly towardSecond: number;
}

/** A row that a person should read, with its text. */
export interface WorstRow {
  readonly row: Row;
  readonly scored: ReportRow;
  /** Log loss of the row in nats; null when it has no label. */
  readonly loss: number | null;
}
