import { levelOf, type Setting } from "../concurrency/setting.ts";
import { type Estimate, type Fit, fitRowTime, foretell, type Stretch } from "./fit.ts";
import type { Lengths } from "./lengths.ts";
import { type Limit, whatLimits } from "./limit.ts";
import type { Measurement } from "./measure.ts";
import { type EngineFigures, figuresOf, type Shares, sharesOf, suggestionOf } from "./polls.ts";
import type { Suggestion } from "./suggestion.ts";
import { bestLevel, type Measured, type Sweep, speed } from "./sweep.ts";

/** One setting as it was measured. */
export interface MeasuredSetting extends Setting {
  readonly rowsPerSecond: number;
  readonly tokensPerSecond: Estimate;
  readonly windows: number;
  readonly engine: EngineFigures | null;
}

/** What a bench has found out about speed; bench.json holds it with the forecast. */
export interface Speeds {
  readonly settings: readonly MeasuredSetting[];
  readonly best: Setting;
  readonly fit: Fit;
  /** What was fitted to. */
  readonly stretches: readonly Stretch[];
  /** Quarters of the file by length: mean tokens, and seconds a row. */
  readonly byLength: readonly { readonly tokens: number; readonly seconds: Estimate }[];
  readonly limit: Limit;
  readonly shares: Shares | null;
  /** Share of the key-value cache in use at the best setting. */
  readonly kvCacheUsage: number | null;
  /** A setting of the server that was not tried; null where the server's figures do not tell what it would give. */
  readonly untried: Suggestion | null;
}

/** Works out what the measurement says. `batchedTokens` is the max_num_batched_tokens of the server, where it is known. */
export function speedsOf(
  { sweep, looks, clientBusy }: Measurement,
  lengths: Lengths,
  batchedTokens: number | null,
): Speeds {
  const measured = sweep.stage === null || sweep.paces.length === 0 ? withOpen(sweep) : sweep;
  const sample = measured.paces;
  const best = measured.stage?.setting ?? bestLevel(sweep.done).stage.setting;
  const same = sweep.done.filter(({ stage }) => isSame(stage.setting, best)).flatMap(({ paces }) => paces);
  const stretches = [...same, ...sample].map(({ ms, rows, tokens }) => ({ ms, rows, tokens }));
  const fit = fitRowTime(stretches);
  const noise = relativeNoise(sweep.done);
  const levels = sweep.done.filter(({ stage }) => stage.kind === "level");
  const single = sweep.done.find(({ stage }) => stage.kind === "single");
  const figures = figuresOf(looks, (stage) => isSame(stage.setting, best));
  const shares = sharesOf(looks);
  const [last, before] = [levels.at(-1), levels.at(-2)];
  const chosen = levels.find(({ stage }) => isSame(stage.setting, best));
  return {
    settings: sweep.done.map((one) => ({
      ...one.stage.setting,
      rowsPerSecond: (1_000 * total(one, "rows")) / total(one, "ms"),
      tokensPerSecond: around(1_000 * speed(one), noise / Math.sqrt(total(one, "rows"))),
      windows: one.paces.length,
      engine: figuresOf(looks, (stage) => stage === one.stage),
    })),
    best,
    fit,
    stretches,
    byLength: quarters(lengths).map((tokens) => ({ tokens, seconds: scale(foretellMean(fit, tokens), 1 / 1_000) })),
    limit: whatLimits({
      rowsPerSecond: (1_000 * sum(stretches, "rows")) / sum(stretches, "ms"),
      preparedPerSecond: lengths.rowsPerSecond,
      clientBusy,
      level: levelOf(best),
      batchingGain: single === undefined || chosen === undefined ? null : speed(chosen) / speed(single),
      lastGain: last !== undefined && last === chosen && before !== undefined ? speed(last) / speed(before) : null,
      running: figures?.running ?? null,
      waiting: figures?.waiting ?? null,
      kvCacheUsage: figures?.kvCacheUsage ?? null,
      outsideEngine: shares?.rest ?? null,
    }),
    shares,
    kvCacheUsage: figures?.kvCacheUsage ?? null,
    untried: suggestionOf(looks, lengths.meanTokens, batchedTokens),
  };
}

/** When the sample was too short for a window, what there is of it has to do. */
function withOpen(sweep: Sweep): Sweep {
  const { pace } = sweep.window;
  const paces = pace.ms > 0 ? [pace] : (sweep.done.at(-1)?.paces ?? []);
  return { ...sweep, paces };
}

/** Relative standard deviation of one row's speed around the mean of its stage, over all stages. */
function relativeNoise(done: readonly Measured[]): number {
  let [squares, freedom] = [0, 0];
  for (const one of done) {
    const mean = speed(one);
    for (const { tokens, ms, rows } of one.paces) squares += rows * (tokens / ms / mean - 1) ** 2;
    freedom += one.paces.length - 1;
  }
  return freedom === 0 ? 0 : Math.sqrt(squares / freedom);
}

function around(value: number, relative: number): Estimate {
  const reach = 2 * relative * value;
  return { value, low: Math.max(0, value - reach), high: value + reach };
}

/** The time of a row of this length, with the uncertainty of the fit but without that of the row's own noise. */
function foretellMean(fit: Fit, tokens: number): Estimate {
  const many = 10_000;
  return scale(foretell(fit, { rows: many, tokens: many * tokens }), 1 / many);
}

function scale({ value, low, high }: Estimate, factor: number): Estimate {
  return { value: value * factor, low: low * factor, high: high * factor };
}

/** Mean tokens of each quarter of the rows, from the shortest to the longest. */
function quarters({ rows }: Lengths): readonly number[] {
  const parts = Math.min(4, rows.length);
  return Array.from({ length: parts }, (_, part) => {
    const own = rows.slice(Math.floor((part * rows.length) / parts), Math.floor(((part + 1) * rows.length) / parts));
    return own.reduce((all, { tokens }) => all + tokens, 0) / own.length;
  });
}

function isSame(one: Setting, other: Setting): boolean {
  return one.concurrency === other.concurrency && one.promptsPerRequest === other.promptsPerRequest;
}

function total({ paces }: Measured, key: "rows" | "ms"): number {
  return sum(paces, key);
}

function sum<K extends string>(list: readonly Readonly<Record<K, number>>[], key: K): number {
  return list.reduce((all, one) => all + one[key], 0);
}
