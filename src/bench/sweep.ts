import { type Answered, addAnswer, type Pace, startWindow, type Window } from "../concurrency/interval.ts";
import { levelOf, type Setting, settingFor } from "../concurrency/setting.ts";

/** One thing that is measured: a setting, in so many windows of at least so many rows. */
export interface Stage {
  /** level: how fast with so much in flight; single: the same with one prompt a request; sample: the rows that are fitted to. */
  readonly kind: "level" | "single" | "sample";
  readonly setting: Setting;
  readonly windows: number;
  readonly rows: number;
}

export interface Measured {
  readonly stage: Stage;
  readonly paces: readonly Pace[];
}

export interface SweepOptions {
  /** The only setting, where it is fixed; null to try several. */
  readonly fixed: Setting | null;
  readonly promptsPerRequest: number | null;
  /** Rows of the sample that is fitted to. */
  readonly sampleRows: number;
  /** No further level is begun after this time, ms. */
  readonly limitMs: number;
}

/** Several settings measured one after another, the engine kept full from one to the next. */
export interface Sweep {
  readonly options: SweepOptions;
  readonly startedAt: number;
  /** What is measured now; null when all is done. */
  readonly stage: Stage | null;
  readonly window: Window;
  readonly paces: readonly Pace[];
  readonly done: readonly Measured[];
}

const GAIN = 1.03;
const FIRST_LEVEL = 8;
const MOST = 2_048;
const MOST_MS = 60_000;
/** Windows that the sample is cut into. */
const SAMPLE_WINDOWS = 10;

/** Begins with one prompt at a time, which tells the time of a row alone. `now` is monotonic, ms. */
export function startSweep(options: SweepOptions, now: number): Sweep {
  const first = levelStage(options.fixed ?? { concurrency: 1, promptsPerRequest: 1 });
  return { options, startedAt: now, stage: first, window: open(first, now), paces: [], done: [] };
}

/** Takes an answer into account; the stage may be another one afterwards. */
export function sweepOn(sweep: Sweep, answered: Answered): Sweep {
  const { stage } = sweep;
  if (stage === null) return sweep;
  const { window, closed } = addAnswer(sweep.window, answered);
  if (closed === null) return { ...sweep, window };
  const paces = [...sweep.paces, closed];
  if (paces.length < stage.windows) return { ...sweep, window, paces };
  const done = [...sweep.done, { stage, paces }];
  const next = nextStage(done, sweep.options, answered.finishedAt - sweep.startedAt);
  return {
    ...sweep,
    stage: next,
    paces: [],
    done,
    // The sample goes on where the best level was, so that its first rows find the engine full.
    window: next === null ? window : open(next, answered.finishedAt),
  };
}

/** Goes on to the sample at once: there are no other rows left. Levels without a whole window are forgotten. */
export function cutShort(sweep: Sweep, now: number): Sweep {
  const { stage, paces } = sweep;
  if (stage === null || stage.kind === "sample") return sweep;
  const measured = paces.length > 0 || sweep.done.length > 0;
  // With nothing measured at all, the sample is measured under what was tried first.
  const done = paces.length > 0 ? [...sweep.done, { stage, paces }] : sweep.done;
  const setting = measured ? bestLevel(done).stage.setting : stage.setting;
  const next = sampleStage(setting, sweep.options);
  return { ...sweep, stage: next, paces: [], done, window: open(next, now) };
}

/** Finds the lowest level that is as fast as the fastest. */
export function bestLevel(done: readonly Measured[]): Measured {
  const levels = done.filter(({ stage }) => stage.kind === "level");
  const enough = Math.max(...levels.map(speed)) / GAIN;
  const [first, ...rest] = levels.filter((one) => speed(one) >= enough);
  if (first === undefined) throw new Error("the sweep has measured nothing");
  return rest.reduce((a, b) => (levelOf(b.stage.setting) < levelOf(a.stage.setting) ? b : a), first);
}

/** Tokens per ms over all windows of a stage. */
export function speed({ paces }: Measured): number {
  return sum(paces, "tokens") / sum(paces, "ms");
}

function nextStage(done: readonly Measured[], options: SweepOptions, elapsed: number): Stage | null {
  const last = done.at(-1);
  if (last === undefined || last.stage.kind === "sample") return null;
  const best = bestLevel(done);
  const { setting } = best.stage;
  if (last.stage.kind === "level") {
    const up = elapsed < options.limitMs ? nextLevel(done, last, options) : null;
    if (up !== null) return up;
    const alone = { concurrency: levelOf(setting), promptsPerRequest: 1 };
    if (setting.promptsPerRequest > 1 && options.fixed === null && elapsed < options.limitMs) {
      return { ...levelStage(alone), kind: "single" };
    }
  }
  return sampleStage(setting, options);
}

function sampleStage(setting: Setting, { sampleRows }: SweepOptions): Stage {
  const rows = Math.max(1, Math.ceil(sampleRows / SAMPLE_WINDOWS));
  return { kind: "sample", setting, windows: Number.POSITIVE_INFINITY, rows };
}

function nextLevel(done: readonly Measured[], last: Measured, options: SweepOptions): Stage | null {
  if (options.fixed !== null) return null;
  const before = done.slice(0, -1).map(speed);
  if (before.length > 1 && speed(last) < GAIN * Math.max(...before)) return null;
  const level = Math.max(FIRST_LEVEL, 2 * levelOf(last.stage.setting));
  const rowMs = sum(last.paces, "ms") / sum(last.paces, "rows");
  if (level > MOST || level * rowMs > MOST_MS) return null;
  return levelStage(settingFor(level, options.promptsPerRequest));
}

function levelStage(setting: Setting): Stage {
  const level = levelOf(setting);
  return { kind: "level", setting, windows: level < 32 ? 3 : 2, rows: Math.max(4, level) };
}

function open(stage: Stage, now: number): Window {
  return startWindow(now, stage.rows, stage.kind === "sample" ? 1 : Math.min(6, stage.setting.concurrency));
}

function sum(paces: readonly Pace[], key: "ms" | "rows" | "tokens"): number {
  return paces.reduce((total, pace) => total + pace[key], 0);
}
