import type { Stage } from "../../throughput/sweep.ts";
import type { Look } from "./measure.ts";

/** Means of the engine's own figures while something was measured. */
export interface EngineFigures {
  readonly running: number | null;
  readonly waiting: number | null;
  /** The most that was seen, 0 to 1. */
  readonly kvCacheUsage: number | null;
}

/** Of the time that requests spent in the engine: waiting to be admitted, being computed, and the rest. They add up to 1. */
export interface Shares {
  readonly queue: number;
  readonly prefill: number;
  readonly rest: number;
}

/** Summarises the looks at the stages that `isMeant` picks; null when there were none. */
export function figuresOf(looks: readonly Look[], isMeant: (stage: Stage) => boolean): EngineFigures | null {
  const own = looks.filter(({ stage }) => isMeant(stage)).map(({ metrics }) => metrics);
  if (own.length === 0) return null;
  const usage = known(own.map(({ kvCacheUsage }) => kvCacheUsage));
  return {
    running: mean(known(own.map(({ running }) => running))),
    waiting: mean(known(own.map(({ waiting }) => waiting))),
    kvCacheUsage: usage.length === 0 ? null : Math.max(...usage),
  };
}

/** Computes where the time of requests went between the first look and the last; null where the engine does not say. */
export function sharesOf(looks: readonly Look[]): Shares | null {
  const [first, last] = [looks[0]?.metrics, looks.at(-1)?.metrics];
  const spent = (name: "queueTime" | "prefillTime" | "requestLatency"): number | null => {
    const [from, to] = [first?.[name], last?.[name]];
    return from == null || to == null ? null : to.seconds - from.seconds;
  };
  const [all, queue, prefill] = [spent("requestLatency"), spent("queueTime"), spent("prefillTime")];
  if (all === null || queue === null || prefill === null || all <= 0) return null;
  const part = (seconds: number): number => Math.min(1, Math.max(0, seconds / all));
  return { queue: part(queue), prefill: part(prefill), rest: part(all - queue - prefill) };
}

function known(values: readonly (number | null)[]): readonly number[] {
  return values.filter((value) => value !== null);
}

function mean(values: readonly number[]): number | null {
  return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length;
}
