import type { Setting } from "../concurrency/setting.ts";
import type { Meter } from "../concurrency/throughput-meter.ts";
import type { Tuner } from "./tuner.ts";

/**
 * Statistics of how well the engines were used while rows were scored. Time in which they were not fully used is a cost of the
 * client.
 */
export interface Usage {
  /**
   * Scoring time, and the part of it in which as many requests were in flight as the setting allows (mean over the engines);
   * seconds.
   */
  readonly seconds: number;
  readonly saturatedSeconds: number;
  /**
   * Prompt tokens answered per second: over the whole scoring time, and over its saturated part (summed over the engines; null
   * if nothing was answered in it).
   */
  readonly tokensPerSecond: number;
  readonly saturatedTokensPerSecond: number | null;
  /** Speed in the fastest interval, and its length; null when scoring took less than two intervals. */
  readonly best: { readonly tokensPerSecond: number; readonly seconds: number } | null;
  /** tokensPerSecond / best.tokensPerSecond: 1 for an engine that is always as fast as in its best interval. */
  readonly ratio: number | null;
  readonly engines: readonly EngineUsage[];
}

interface EngineUsage extends Setting {
  readonly name: string;
  /** Whether the config fixed the setting or the tuner found it. */
  readonly by: "given" | "found";
  /** Largest number of prompts in a request, because the engine refused larger requests; null when it refused none. */
  readonly mostPrompts: number | null;
}

/**
 * The interval is at least this long (ms), because the fastest of many shorter intervals would be fast only by chance. The
 * largest of this length and the two below is used.
 */
const LEAST_MS = 10_000;
/** The interval is at least this share of the scoring time. */
const LEAST_SHARE = 0.05;
/** The interval is so long that on average at least this many requests end in it. */
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
    engines: tuners.map(({ name, tuner }) => ({
      name,
      ...tuner.setting(),
      by: tuner.fixed ? "given" : "found",
      mostPrompts: tuner.mostPrompts(),
    })),
  };
}
