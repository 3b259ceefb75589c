import {
  type AnsweredRequest,
  addAnswer,
  type MeasuredInterval,
  type OpenInterval,
  startInterval,
} from "../concurrency/interval.ts";
import { levelOf, type Setting, settingFor } from "../concurrency/setting.ts";
import { plural } from "../format.ts";

/**
 * One stage of the sweep: a setting, which is measured in `intervals` intervals of at least a given number of rows.
 */
export interface Stage {
  /**
   * level: measures the speed with this number of prompts in flight. single: the same number, but one prompt per
   * request. sample: measures the rows to which the time model is fitted.
   */
  readonly kind: "level" | "single" | "sample";
  readonly setting: Setting;
  readonly intervals: number;
  readonly rows: number;
}

/** A stage that has ended, with its intervals. */
export interface MeasuredStage {
  readonly stage: Stage;
  readonly intervals: readonly MeasuredInterval[];
}

export interface SweepOptions {
  /** The setting, if it is fixed; null to try several settings. */
  readonly fixed: Setting | null;
  /** Number of prompts per request, if it is fixed; null to choose it by the number of prompts in flight. */
  readonly promptsPerRequest: number | null;
  /** Number of rows in the sample to which the time model is fitted. */
  readonly sampleRows: number;
  /** Time after which no further level is begun, ms. */
  readonly limitMs: number;
}

/** The measurement of several settings one after another. The engine stays full between two settings. */
export interface Sweep {
  readonly options: SweepOptions;
  /** Start of the sweep, ms of the monotonic clock. */
  readonly startedAt: number;
  /** The present stage; null after the last stage. */
  readonly stage: Stage | null;
  readonly open: OpenInterval;
  /** The intervals of the present stage. */
  readonly intervals: readonly MeasuredInterval[];
  readonly done: readonly MeasuredStage[];
}

/**
 * A level must be 3 % faster than the lower ones to count as faster; levels within 3 % of the fastest are equally good.
 */
const GAIN = 1.03;
/** Prompts in flight at the second level of a sweep; the first level is 1. */
const SECOND_LEVEL = 8;
const HIGHEST_LEVEL = 2_048;
/** A level is not tried if the prompts in flight would be more than a minute of work. */
const MOST_WORK_MS = 60_000;
/** Number of levels in succession that may leave open whether they are faster; then no higher level is tried. */
const MOST_UNCLEAR = 2;
/** Number of intervals into which the sample is divided. */
const SAMPLE_INTERVALS = 10;

/** Begins with one prompt in flight, which measures the time of a row alone. `now` is ms of the monotonic clock. */
export function startSweep(options: SweepOptions, now: number): Sweep {
  const first = levelStage(options.fixed ?? { concurrency: 1, promptsPerRequest: 1 });
  return { options, startedAt: now, stage: first, open: openInterval(first, now), intervals: [], done: [] };
}

/**
 * Adds an answered request. If the request ends the last interval of a stage, the sweep continues with the next stage.
 */
export function advanceSweep(sweep: Sweep, request: AnsweredRequest): Sweep {
  const { stage } = sweep;
  if (stage === null) return sweep;
  const { interval, measured } = addAnswer(sweep.open, request);
  if (measured === null) return { ...sweep, open: interval };
  const intervals = [...sweep.intervals, measured];
  if (intervals.length < stage.intervals) return { ...sweep, open: interval, intervals };
  const done = [...sweep.done, { stage, intervals }];
  const next = nextStage(done, sweep.options, request.finishedAt - sweep.startedAt);
  return {
    ...sweep,
    stage: next,
    intervals: [],
    done,
    // The sample continues at the best level, so that the engine is already full when the first rows of the sample
    // arrive.
    open: next === null ? interval : openInterval(next, request.finishedAt),
  };
}

/**
 * Continues with the sample at once, because no other rows are left. Leaves out a level that has no complete interval.
 */
export function skipToSample(sweep: Sweep, now: number): Sweep {
  const { stage, intervals } = sweep;
  if (stage === null || stage.kind === "sample") return sweep;
  const done = intervals.length > 0 ? [...sweep.done, { stage, intervals }] : sweep.done;
  // When no stage was measured, the sample is measured with the first setting.
  const setting = done.length > 0 ? bestLevel(done).stage.setting : stage.setting;
  const next = sampleStage(setting, sweep.options);
  return { ...sweep, stage: next, intervals: [], done, open: openInterval(next, now) };
}

/** Finds the lowest level with a speed within 3 % of the fastest. Throws an Error when no level was measured. */
export function bestLevel(done: readonly MeasuredStage[]): MeasuredStage {
  const levels = done.filter(({ stage }) => stage.kind === "level");
  const enough = Math.max(...levels.map(speedOf)) / GAIN;
  const [first, ...rest] = levels.filter((one) => speedOf(one) >= enough);
  if (first === undefined) throw new Error("the sweep has measured no level");
  return rest.reduce((a, b) => (levelOf(b.stage.setting) < levelOf(a.stage.setting) ? b : a), first);
}

/** Computes the tokens per ms of a stage over all its intervals. */
export function speedOf({ intervals }: MeasuredStage): number {
  return sumOf(intervals, "tokens") / sumOf(intervals, "ms");
}

/**
 * Computes the relative standard deviation of the speed of a single row, measured from the mean speed of its stage,
 * over all stages; 0 when no stage has two intervals.
 */
export function relativeNoise(done: readonly MeasuredStage[]): number {
  let [squares, freedom] = [0, 0];
  for (const one of done) {
    const mean = speedOf(one);
    for (const { tokens, ms, rows } of one.intervals) squares += rows * (tokens / ms / mean - 1) ** 2;
    freedom += one.intervals.length - 1;
  }
  return freedom === 0 ? 0 : Math.sqrt(squares / freedom);
}

/** Computes two relative standard errors of the mean speed of some intervals. `noise` is that of a single row. */
export function relativeReach(intervals: readonly MeasuredInterval[], noise: number): number {
  return (2 * noise) / Math.sqrt(sumOf(intervals, "rows"));
}

/**
 * Computes the largest gain over the best level that the levels above it leave possible: the upper end of a level's
 * speed divided by the lower end of the best one's. Null when no higher level was measured.
 */
export function largestOpenGain(done: readonly MeasuredStage[]): number | null {
  const levels = done.filter(({ stage }) => stage.kind === "level");
  if (levels.length === 0) return null;
  const noise = relativeNoise(levels);
  const best = bestLevel(levels);
  const low = speedOf(best) * (1 - Math.min(1, relativeReach(best.intervals, noise)));
  const highs = levels
    .filter(({ stage }) => levelOf(stage.setting) > levelOf(best.stage.setting))
    .map((one) => speedOf(one) * (1 + relativeReach(one.intervals, noise)));
  return highs.length === 0 || low === 0 ? null : Math.max(...highs) / low;
}

/** Adds up one property over some intervals. */
export function sumOf(
  intervals: readonly Readonly<Record<"ms" | "rows" | "tokens", number>>[],
  key: "ms" | "rows" | "tokens",
): number {
  return intervals.reduce((total, interval) => total + interval[key], 0);
}

/** Describes a stage for the progress line. */
export function describeStage({ kind, setting }: Stage): string {
  const { concurrency, promptsPerRequest } = setting;
  if (kind === "sample")
    return `the sample, with ${plural(concurrency, "request")} of ${plural(promptsPerRequest, "prompt")} in flight`;
  return `${plural(levelOf(setting), "prompt")} in flight, ${promptsPerRequest} a request`;
}

function nextStage(done: readonly MeasuredStage[], options: SweepOptions, elapsed: number): Stage | null {
  const last = done.at(-1);
  if (last === undefined || last.stage.kind === "sample") return null;
  const { setting } = bestLevel(done).stage;
  if (last.stage.kind === "level" && elapsed < options.limitMs) {
    const next = nextLevel(done, last, options);
    if (next !== null) return next;
    if (setting.promptsPerRequest > 1 && options.fixed === null) {
      return { ...levelStage({ concurrency: levelOf(setting), promptsPerRequest: 1 }), kind: "single" };
    }
  }
  return sampleStage(setting, options);
}

function sampleStage(setting: Setting, { sampleRows }: SweepOptions): Stage {
  const rows = Math.max(1, Math.ceil(sampleRows / SAMPLE_INTERVALS));
  return { kind: "sample", setting, intervals: Number.POSITIVE_INFINITY, rows };
}

/**
 * Doubles the level as long as this gains 3 %, or as long as the intervals of the speeds leave that open, at most
 * MOST_UNCLEAR times in succession. Null when the last doubling gained nothing, or when the level would be too high.
 */
function nextLevel(done: readonly MeasuredStage[], last: MeasuredStage, options: SweepOptions): Stage | null {
  if (options.fixed !== null) return null;
  const looks = done.map((_, index) => lookAt(done.slice(0, index + 1)));
  if (looks.at(-1) === "not faster") return null;
  if (looks.slice(-MOST_UNCLEAR).every((look) => look === "unclear")) return null;
  const level = Math.max(SECOND_LEVEL, 2 * levelOf(last.stage.setting));
  const rowMs = sumOf(last.intervals, "ms") / sumOf(last.intervals, "rows");
  if (level > HIGHEST_LEVEL || level * rowMs > MOST_WORK_MS) return null;
  return levelStage(settingFor(level, options.promptsPerRequest));
}

/** Compares the last of some levels with the fastest level before it. The first two levels never end a sweep. */
function lookAt(done: readonly MeasuredStage[]): "faster" | "unclear" | "not faster" {
  const last = done.at(-1);
  const before = done.slice(0, -1);
  if (last === undefined || before.length < 2) return "faster";
  const fastest = before.reduce((a, b) => (speedOf(b) > speedOf(a) ? b : a));
  if (speedOf(last) >= GAIN * speedOf(fastest)) return "faster";
  const noise = relativeNoise(done);
  const high = speedOf(last) * (1 + relativeReach(last.intervals, noise));
  const low = speedOf(fastest) * (1 - relativeReach(fastest.intervals, noise));
  return high >= GAIN * low ? "unclear" : "not faster";
}

function levelStage(setting: Setting): Stage {
  const level = levelOf(setting);
  return { kind: "level", setting, intervals: level < 32 ? 3 : 2, rows: Math.max(4, level) };
}

function openInterval(stage: Stage, now: number): OpenInterval {
  return startInterval(now, stage.rows, stage.kind === "sample" ? 1 : Math.min(6, stage.setting.concurrency));
}
