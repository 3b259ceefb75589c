import { levelOf } from "../concurrency/setting.ts";
import { mean } from "../numbers/sums.ts";
import type { Poll } from "./poll.ts";
import { type StepEvidence, type Suggestion, suggestLongerSteps } from "./suggestion.ts";
import type { Stage } from "./sweep.ts";

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
export function figuresOf(looks: readonly Poll[], isMeant: (stage: Stage) => boolean): EngineFigures | null {
  const own = looks.filter(({ stage, closing }) => !closing && isMeant(stage)).map(({ metrics }) => metrics);
  if (own.length === 0) return null;
  const usage = known(own.map(({ kvCacheUsage }) => kvCacheUsage));
  return {
    running: meanOrNull(known(own.map(({ running }) => running))),
    waiting: meanOrNull(known(own.map(({ waiting }) => waiting))),
    kvCacheUsage: usage.length === 0 ? null : Math.max(...usage),
  };
}

/** Computes where the time of requests went between the first look and the last; null where the engine does not say. */
export function sharesOf(looks: readonly Poll[]): Shares | null {
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

/** Says what longer steps of the engine would give; null where its figures do not tell. `limit` is what it was started with. */
export function suggestionOf(looks: readonly Poll[], tokensOfARow: number, limit: number | null): Suggestion | null {
  const alone = looks.filter(({ stage }) => stage.kind === "level" && levelOf(stage.setting) === 1);
  const full = looks.filter(({ stage }) => stage.kind === "sample");
  const [step, prefill] = [meanStep(full), meanPrefill(alone)];
  const waiting = figuresOf(full, () => true)?.waiting ?? null;
  if (step === null || prefill === null || waiting === null) return null;
  return suggestLongerSteps({ alone: { tokens: tokensOfARow, ms: prefill }, full: step, waiting, limit });
}

function meanStep(looks: readonly Poll[]): StepEvidence["full"] | null {
  const [first, last] = [looks[0], looks.at(-1)];
  const [from, to] = [first?.metrics.steps ?? null, last?.metrics.steps ?? null];
  if (first === undefined || last === undefined || from === null || to === null) return null;
  const count = to.count - from.count;
  return count < LEAST_STEPS ? null : { tokens: (to.tokens - from.tokens) / count, ms: (last.at - first.at) / count };
}

/** Mean time (ms) that a prompt was computed. */
function meanPrefill(looks: readonly Poll[]): number | null {
  const [from, to] = [looks[0]?.metrics.prefillTime ?? null, looks.at(-1)?.metrics.prefillTime ?? null];
  if (from === null || to === null || to.count - from.count < LEAST_STEPS) return null;
  return (1_000 * (to.seconds - from.seconds)) / (to.count - from.count);
}

/** Fewer steps than these have no mean worth the name. */
const LEAST_STEPS = 4;

function known(values: readonly (number | null)[]): readonly number[] {
  return values.filter((value) => value !== null);
}

function meanOrNull(values: readonly number[]): number | null {
  return values.length === 0 ? null : mean(values);
}
