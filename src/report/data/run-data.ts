import type { Band } from "../../runfolder/timeline/bands.ts";
import type { RequestPoint, TimelineForecast, Timing } from "../../runfolder/timeline/timeline.ts";
import type { Obtained, Row, Triple } from "../../types.ts";

/** A number with its 95 % interval; both ends are null when no interval was computed. */
export interface Estimate {
  readonly value: number;
  readonly low: number | null;
  readonly high: number | null;
}

/** One line of the list of what was run: model, template, engine, data and their hashes. */
export interface Field {
  readonly name: string;
  readonly value: string;
}

/** Everything that the page of one run shows. Statistics are computed before; rendering only counts and formats. */
export interface ReportData {
  /** Name of the run, usually of its folder. */
  readonly name: string;
  /** Program and version, for example `abtie 0.1.0`. */
  readonly program: string;
  /** When the report was made, ms since 1970. */
  readonly madeAt: number;
  readonly facts: readonly Field[];
  /** How the numbers are defined: clipping, bins, resampling. One sentence each. */
  readonly notes: readonly string[];
  /** Reasons to doubt the numbers. One sentence each. */
  readonly warnings: readonly string[];
  readonly rows: readonly ReportRow[];
  /** Null when only probabilities are known, for example of a bare submission. */
  readonly timing: Timing | null;
  readonly requests: readonly RequestPoint[];
  readonly forecasts: readonly TimelineForecast[];
  /** The steps in force over time, without gaps; empty when unknown. */
  readonly bands: readonly Band[];
  /** Null when the rows have no labels. */
  readonly quality: Quality | null;
  /** Null unless rows were scored in both orders. */
  readonly position: PositionBias | null;
  /** Worst first; at most the first 20 are shown. */
  readonly worst: readonly WorstRow[];
}

/** One row as submitted. */
export interface ReportRow {
  readonly id: string;
  readonly probabilities: Triple;
  /** Weights of the three classes, summing to 1; null when unknown. */
  readonly truth: Triple | null;
  /** Probability of the labels over the whole vocabulary; null when unknown. */
  readonly mass: number | null;
  /** Tokens sent in all passes; null when the row was never sent. */
  readonly tokens: number | null;
  /** Tokens taken out to fit the budget. */
  readonly cutTokens: number;
  readonly source: Obtained;
  /** Why the row holds less than a full answer, in a few words; null when it does not. */
  readonly reason: string | null;
}

/** How good the probabilities are against labels. */
export interface Quality {
  /** The probabilities as submitted first; then, where known, raw ones, calibrated ones, single orders. */
  readonly scores: readonly Scores[];
  /** Predictions that need no judge: class prior, uniform. Log loss in nats. */
  readonly baselines: readonly Baseline[];
  readonly reliability: readonly Reliability[];
  /** Weight of rows by truth (outer) and by predicted class (inner), in the order a, b, tie. */
  readonly confusion: readonly [Triple, Triple, Triple];
  readonly slices: readonly SliceGroup[];
}

/** The scores of one set of probabilities. */
export interface Scores {
  readonly name: string;
  /** Rows with a label. */
  readonly rows: number;
  /** Nats. */
  readonly logLoss: Estimate;
  readonly accuracy: Estimate;
  /** Sum over the three classes, 0 to 2. */
  readonly brier: Estimate;
  /** Expected calibration error. */
  readonly ece: number;
  /** The same number for a perfectly calibrated judge; null when unknown. */
  readonly eceWhenCalibrated: number | null;
}

export interface Baseline {
  readonly name: string;
  /** Nats. */
  readonly logLoss: number;
  /** By how much the probabilities as submitted are better than it, nats, row by row: their interval is that of the difference. */
  readonly gain: Estimate;
}

/** One reliability diagram. */
export interface Reliability {
  /** The class whose probability is examined: the predicted class, or one class. */
  readonly name: string;
  readonly ece: number | null;
  readonly bins: readonly ReliabilityPoint[];
}

export interface ReliabilityPoint {
  /** Mean probability given, 0 to 1. */
  readonly predicted: number;
  /** Share of rows in which it came true, with its interval. */
  readonly observed: Estimate;
  readonly rows: number;
}

/** One way to divide the rows: length, turns, script, shortened or not, source. */
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

/** The effect of swapping the answers, over the rows scored in both orders. */
export interface PositionBias {
  readonly rows: number;
  /** Share of rows whose predicted class changes with the order. */
  readonly flipRate: Estimate;
  /** Share of rows that change towards the answer shown first, and towards the one shown second; their sum is the flip rate. */
  readonly towardFirst: number;
  readonly towardSecond: number;
}

/** A row worth reading, with its text. */
export interface WorstRow {
  readonly row: Row;
  readonly scored: ReportRow;
  /** Log loss of the row in nats; null when it has no label. */
  readonly loss: number | null;
}
