import type { Effects } from "../effects.ts";
import type { EngineMetrics } from "../engine/capabilities/metrics.ts";
import { mean } from "../numbers/sums.ts";
import type { EnginePool } from "../pool/pool.ts";
import type { Stage } from "./sweep.ts";

/** The metrics of the engine at one time during a stage. */
export interface Poll {
  readonly stage: Stage;
  /** Time of the poll, ms of the monotonic clock. */
  readonly at: number;
  readonly metrics: EngineMetrics;
  /**
   * True for the poll directly after the stage. It has the final counters of the stage, but its running requests belong
   * to the next stage.
   */
  readonly closing: boolean;
}

/** Collects polls of the first engine until the signal aborts. */
export interface EnginePolls {
  readonly polls: readonly Poll[];
  /** Polls once more for a stage that has ended. */
  readonly pollEnd: (stage: Stage) => void;
  /** Resolves when all polls are complete. */
  readonly finished: Promise<void>;
}

const POLL_MS = 1_000;

/** Polls the metrics of the first engine every second, and at the end of every stage, until the signal aborts. */
export function pollEngine(
  { first }: Pick<EnginePool<unknown>, "first">,
  currentStage: () => Stage | null,
  { clock }: Pick<Effects, "clock">,
  signal: AbortSignal,
): EnginePolls {
  const polls: Poll[] = [];
  const closingPolls: Promise<void>[] = [];
  const poll = async (stage: Stage, closing: boolean): Promise<void> => {
    const metrics = await first()
      ?.metrics(signal)
      .catch(() => null);
    if (metrics === null || metrics === undefined || (!closing && stage !== currentStage())) return;
    polls.push({ stage, at: clock.monotonic(), metrics, closing });
  };
  const repeat = async (): Promise<void> => {
    while (!signal.aborted) {
      const stage = currentStage();
      if (stage !== null) await poll(stage, false);
      await clock.sleep(POLL_MS, signal).catch(() => {});
    }
    await Promise.all(closingPolls);
  };
  return {
    polls,
    pollEnd: (stage) => {
      closingPolls.push(poll(stage, true));
    },
    finished: repeat(),
  };
}

/** Means of the engine's metrics over some polls; null for a metric that the engine does not report. */
export interface EngineMeans {
  readonly running: number | null;
  readonly waiting: number | null;
  /** The largest share of the key-value cache in use, 0 to 1. */
  readonly kvCacheUsage: number | null;
}

/** Averages the polls of the stages that `includes` accepts; null when there are no such polls. */
export function meansOf(polls: readonly Poll[], includes: (stage: Stage) => boolean): EngineMeans | null {
  const own = polls.filter(({ stage, closing }) => !closing && includes(stage)).map(({ metrics }) => metrics);
  if (own.length === 0) return null;
  const usage = known(own.map(({ kvCacheUsage }) => kvCacheUsage));
  return {
    running: meanOrNull(known(own.map(({ running }) => running))),
    waiting: meanOrNull(known(own.map(({ waiting }) => waiting))),
    kvCacheUsage: usage.length === 0 ? null : Math.max(...usage),
  };
}

/**
 * How the time of requests in the server is divided, as shares of 1: waiting to be admitted, being computed, and the
 * rest.
 */
export interface Shares {
  readonly queue: number;
  readonly prefill: number;
  readonly rest: number;
}

/**
 * Computes how the requests' time between the first and the last poll is divided; null when the engine does not report
 * it.
 */
export function sharesOf(polls: readonly Poll[]): Shares | null {
  const [first, last] = [polls[0]?.metrics, polls.at(-1)?.metrics];
  const spent = (name: "queueTime" | "prefillTime" | "requestLatency"): number | null => {
    const [from, to] = [first?.[name], last?.[name]];
    return from == null || to == null ? null : to.seconds - from.seconds;
  };
  const [all, queue, prefill] = [spent("requestLatency"), spent("queueTime"), spent("prefillTime")];
  if (all === null || queue === null || prefill === null || all <= 0) return null;
  const share = (seconds: number): number => Math.min(1, Math.max(0, seconds / all));
  return { queue: share(queue), prefill: share(prefill), rest: share(all - queue - prefill) };
}

function known(values: readonly (number | null)[]): readonly number[] {
  return values.filter((value) => value !== null);
}

function meanOrNull(values: readonly number[]): number | null {
  return values.length === 0 ? null : mean(values);
}
