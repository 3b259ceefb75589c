import { levelOf, type Setting } from "../concurrency/setting.ts";
import { mean } from "../numbers/sums.ts";
import { type EngineMeans, meansOf, type Shares, sharesOf } from "./engine-polls.ts";
import { type Fit, fitRowTime, forecastWork, type IntervalEstimate, spreadWithin, type TimedWork } from "./fit.ts";
import type { Lengths } from "./lengths.ts";
import { findLimit, type Limit } from "./limit.ts";
import type { Measurement } from "./measure.ts";
import { type Suggestion, suggestionOf } from "./suggestion.ts";
import {
  bestLevel,
  largestOpenGain,
  type MeasuredStage,
  relativeNoise,
  relativeReach,
  type Sweep,
  speedOf,
  sumOf,
} from "./sweep.ts";

/** One setting and its measured speed. */
export interface MeasuredSetting extends Setting {
  readonly rowsPerSecond: number;
  readonly tokensPerSecond: IntervalEstimate;
  /** Number of intervals in which the setting was measured. */
  readonly windows: number;
  readonly engine: EngineMeans | null;
}

/** All values about speed that a bench computed. The file bench.json contains them and the forecast. */
export interface Speeds {
  readonly settings: readonly MeasuredSetting[];
  readonly best: Setting;
  readonly fit: Fit;
  /** The measurements to which the time model was fitted. */
  readonly stretches: readonly TimedWork[];
  /** Quarters of the file's rows by length: mean tokens of a row, and seconds per row. */
  readonly byLength: readonly { readonly tokens: number; readonly seconds: IntervalEstimate }[];
  readonly limit: Limit;
  readonly shares: Shares | null;
  /** Share of the key-value cache in use at the best setting, 0 to 1. */
  readonly kvCacheUsage: number | null;
  /**
   * A setting of the server that the bench did not try; null when the server's metrics do not allow a forecast of its
   * gain.
   */
  readonly untried: Suggestion | null;
}

/** Computes speeds from the measurement. `batchedTokens` is the server's max_num_batched_tokens; null when unknown. */
export function speedsOf(measurement: Measurement, lengths: Lengths, batchedTokens: number | null): Speeds {
  const { sweep, polls, clientBusy } = measurement;
  const best = sweep.stage?.setting ?? bestLevel(sweep.done).stage.setting;
  const sameSetting = sweep.done.filter(({ stage }) => isSame(stage.setting, best)).flatMap((one) => one.intervals);
  const measured = [...sameSetting, ...sampleOf(sweep)].map(({ ms, rows, tokens }) => ({ ms, rows, tokens }));
  const others = sweep.done.filter(({ stage }) => !isSame(stage.setting, best)).map(({ intervals }) => intervals);
  const fit = fitRowTime(measured, spreadWithin(others));
  const noise = relativeNoise(sweep.done);
  const means = meansOf(polls, (stage) => isSame(stage.setting, best));
  const shares = sharesOf(polls);
  return {
    settings: sweep.done.map(({ stage, intervals }) => ({
      ...stage.setting,
      rowsPerSecond: (1_000 * sumOf(intervals, "rows")) / sumOf(intervals, "ms"),
      tokensPerSecond: estimateOf(1_000 * speedOf({ stage, intervals }), relativeReach(intervals, noise)),
      windows: intervals.length,
      engine: meansOf(polls, (other) => other === stage),
    })),
    best,
    fit,
    stretches: measured,
    byLength: meanTokensOfQuarters(lengths).map((tokens) => ({ tokens, seconds: secondsPerRow(fit, tokens) })),
    limit: findLimit({
      rowsPerSecond: (1_000 * sumOf(measured, "rows")) / sumOf(measured, "ms"),
      preparedPerSecond: lengths.rowsPerSecond,
      clientBusy,
      level: levelOf(best),
      ...gainsOf(sweep.done, best),
      openGain: largestOpenGain(sweep.done),
      running: means?.running ?? null,
      waiting: means?.waiting ?? null,
      kvCacheUsage: means?.kvCacheUsage ?? null,
      outsideEngine: shares?.rest ?? null,
    }),
    shares,
    kvCacheUsage: means?.kvCacheUsage ?? null,
    untried: suggestionOf(polls, lengths.meanTokens, batchedTokens),
  };
}

/**
 * Returns the intervals of the sample. If the sample was too short for a whole interval, returns the open interval, or
 * the intervals of the stage before.
 */
function sampleOf({ stage, intervals, open, done }: Sweep): Sweep["intervals"] {
  if (stage !== null && intervals.length > 0) return intervals;
  return open.answers.ms > 0 ? [open.answers] : (done.at(-1)?.intervals ?? []);
}

/**
 * Computes the gain of several prompts per request, and the gain of the last doubling if that led to the best setting.
 */
function gainsOf(done: readonly MeasuredStage[], best: Setting) {
  const levels = done.filter(({ stage }) => stage.kind === "level");
  const single = done.find(({ stage }) => stage.kind === "single");
  const chosen = levels.find(({ stage }) => isSame(stage.setting, best));
  const [last, before] = [levels.at(-1), levels.at(-2)];
  return {
    batchingGain: single === undefined || chosen === undefined ? null : speedOf(chosen) / speedOf(single),
    lastGain: last !== undefined && last === chosen && before !== undefined ? speedOf(last) / speedOf(before) : null,
  };
}

/** Returns a value with the interval that reaches `relative` times the value to each side. */
function estimateOf(value: number, relative: number): IntervalEstimate {
  const reach = relative * value;
  return { value, low: Math.max(0, value - reach), high: value + reach };
}

/**
 * Computes the seconds that a row of this length takes. The interval contains the uncertainty of the fit, but not the
 * noise of a single row.
 */
function secondsPerRow(fit: Fit, tokens: number): IntervalEstimate {
  const rows = 10_000;
  const { value, low, high } = forecastWork(fit, { rows, tokens: rows * tokens });
  const toSeconds = (ms: number): number => ms / rows / 1_000;
  return { value: toSeconds(value), low: toSeconds(low), high: toSeconds(high) };
}

/** Computes the mean tokens of each quarter of the rows, from the shortest to the longest. */
function meanTokensOfQuarters({ rows }: Lengths): readonly number[] {
  const parts = Math.min(4, rows.length);
  return Array.from({ length: parts }, (_, part) => {
    const own = rows.slice(Math.floor((part * rows.length) / parts), Math.floor(((part + 1) * rows.length) / parts));
    return mean(own.map(({ tokens }) => tokens));
  });
}

function isSame(one: Setting, other: Setting): boolean {
  return one.concurrency === other.concurrency && one.promptsPerRequest === other.promptsPerRequest;
}
