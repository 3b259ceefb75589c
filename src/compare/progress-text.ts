import { formatCount, formatDuration, formatFixed, plural } from "../format.ts";
import type { SequentialState } from "../stats/sequential-comparison.ts";

/** A speed measured over less says nothing, ms. */
const LEAST_MS = 1_000;

/** Formats how far a comparison is; `states` are those of the pairs when it may stop early. */
export function progressText(options: {
  readonly done: number;
  readonly total: number;
  /** Prompts of this session, and its time. */
  readonly prompts: number;
  readonly ms: number;
  readonly states: readonly SequentialState[] | null;
}): string {
  const { done, total, prompts, ms, states } = options;
  const parts = [`${formatCount(done)}/${plural(total, "prompt")}`];
  if (prompts > 0 && ms >= LEAST_MS) {
    const perSecond = (1000 * prompts) / ms;
    parts.push(`${perSecond.toFixed(1)} prompts/s`, `${formatDuration((1000 * (total - done)) / perSecond)} left`);
  }
  return [...parts, ...(states === null ? [] : [stateText(states)])].join(" · ");
}

function stateText(states: readonly SequentialState[]): string {
  const [only, other] = states;
  if (only === undefined || other !== undefined) {
    const decided = states.filter(({ verdict }) => verdict !== "undecided").length;
    return `${decided} of ${states.length} pairs decided`;
  }
  const { mean, interval } = only;
  return `difference ${formatFixed(mean, 3)} (${formatFixed(interval.low, 3)} to ${formatFixed(interval.high, 3)}) nats`;
}
