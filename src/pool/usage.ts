import type { Setting } from "../concurrency/setting.ts";
import type { Meter } from "../concurrency/throughput-meter.ts";
import type { Tuner } from "./tuner.ts";

/** How well the engines were used while rows were scored; the rest is the cost of the client. */
export interface Usage {
  /** Scoring time, and the part of it (mean over the engines) with as many requests in flight as the setting allows; seconds. */
  readonly seconds: number;
  readonly saturatedSeconds: number;
  /** Over all the scoring time, and over the saturated part of it. */
  readonly tokensPerSecond: number;
  readonly saturatedTokensPerSecond: number | null;
  /** The fastest interval; null when scoring lasted less than two intervals. */
  readonly best: { readonly tokensPerSecond: number; readonly seconds: number } | null;
  /** tokensPerSecond / best.tokensPerSecond: 1 for an engine that is always as fast as in its best interval. */
  readonly ratio: number | null;
  readonly engines: readonly EngineUsage[];
}

interface EngineUsage extends Setting {
  readonly name: string;
  /** Whether the config fixed the setting or the tuner found it. */
  readonly by: "given" | "found";
}

/** Shortest interval: the best of shorter ones would be the best by chance. The largest of the three rules. */
const LEAST_MS = 10_000;
/** Of the scoring time. */
const LEAST_SHARE = 0.05;
/** Mean number of requests that end in it. */
const LEAST_REQUESTS = 20;

/** Computes the usage up to `now` (monotonic ms); null when nothing was answered. */
export function usageOf(options: {
  meter: Meter;
  startedAt: number;
  now: number;
  tokens: number;
  requests: number;
  tuners: readonly { readonly name: string; readonly tuner: Tuner }[];
}): Usage | null {
  const { meter, startedAt, now, tokens, requests, tuners } = options;
  const ms = now - startedAt;
  if (tokens === 0 || ms <= 0) return null;
  const full = tuners.map(({ tuner }) => tuner.full());
  const intervalMs = Math.max(LEAST_MS, LEAST_SHARE * ms, (LEAST_REQUESTS * ms) / requests);
  const best = intervalMs < ms / 2 ? meter.best(intervalMs, now) : null;
  const tokensPerSecond = (1_000 * tokens) / ms;
  const whileFull = full.filter((one) => one.ms > 0).reduce((sum, one) => sum + (1_000 * one.tokens) / one.ms, 0);
  return {
    seconds: ms / 1_000,
    saturatedSeconds: full.reduce((sum, one) => sum + one.ms, 0) / full.length / 1_000,
    tokensPerSecond,
    saturatedTokensPerSecond: whileFull === 0 ? null : whileFull,
    best: best === null ? null : { tokensPerSecond: 1_000 * best.tokensPerMs, seconds: best.ms / 1_000 },
    ratio: best === null ? null : tokensPerSecond / (1_000 * best.tokensPerMs),
    engines: tuners.map(({ name, tuner }) => ({ name, ...tuner.setting(), by: tuner.fixed ? "given" : "found" })),
  };
}
