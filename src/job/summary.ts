import type { PairSummary } from "../deadline/pairs.ts";
import type { Usage } from "../pool/usage.ts";
import type { Obtained } from "../types.ts";
import type { ForecastError } from "./forecast-errors.ts";

/** How a run came to its end. */
export type RunEnd = "done" | "deadline" | "overrun" | "interrupted" | "engine-lost";

/** What a run tells at its end; summary.json holds it. */
export interface RunSummary {
  readonly end: RunEnd;
  readonly files: {
    readonly submission: string;
    readonly runFolder: string;
    readonly rows: string;
    readonly journal: string;
    /** The picture of forecast, steps and end; compare draws none. */
    readonly clock: string | null;
    readonly serverLog: string | null;
  };
  readonly engine: { readonly name: string; readonly version: string | null; readonly method: string | null };
  /** What turned readings into probabilities beside softmax; null when nothing did. */
  readonly calibration: { readonly file: string; readonly kind: string } | null;
  /** Rows by how their probabilities were obtained; they add up to `total`. */
  readonly rows: Readonly<Record<Obtained, number>> & { readonly total: number };
  /** Why rows hold the prior, with counts. */
  readonly reasons: Readonly<Record<string, number>>;
  /** Rows whose text was shortened to fit, or held control tokens that were defused; low label mass; bounded labels. */
  readonly marks: {
    readonly shortened: number;
    readonly neutralised: number;
    readonly lowMass: number;
    readonly bounded: number;
  };
  readonly labelMass: { readonly median: number; readonly p5: number } | null;
  /** Wall time of this session in seconds: until the engine was ready, then scoring. */
  readonly seconds: { readonly total: number; readonly startUp: number; readonly scoring: number };
  /** How well the engines were used in this session; null when nothing was scored. */
  readonly usage: Usage | null;
  /** What the swapped order changed, over all rows that have both; null when none has. */
  readonly bothOrders: PairSummary | null;
  /** How good the forecasts of the first pass's end were at 2, 10 and 50 % of the rows. */
  readonly forecasts: readonly ForecastError[];
  /** What this session did; earlier sessions of a resumed run are not in it. */
  readonly session: {
    readonly scoredPrompts: number;
    readonly promptTokens: number;
    readonly requests: number;
    readonly failedRequests: number;
    readonly resumedRows: number;
  };
  /** Against the labels of the file, when it has them: mean log loss in nats after clipping, and accuracy. */
  readonly truth: {
    readonly logLoss: number;
    readonly priorLogLoss: number;
    readonly accuracy: number;
    readonly rows: number;
  } | null;
}
