import { type JobOutcome, simulateJob } from "./simulate-job.ts";

/** Where two simulations of one seed part. */
export interface Difference {
  /** Number of the event line in the trace, from 1 on. */
  readonly line: number;
  /** The lines; undefined after the end of a trace. */
  readonly one: string | undefined;
  readonly other: string | undefined;
}

/** The outcome of a seed that may have been simulated a second time. */
export interface RepeatedOutcome extends JobOutcome {
  readonly isTwice: boolean;
  /** Null when both simulations were the same, event for event, and when there was one only. */
  readonly difference: Difference | null;
}

/**
 * Simulates a seed, and again if it has violations or `isTwice` is true. A difference is a violation: the simulation then depends on
 * something real. `disturb` is called before the second simulation, to do what must make no difference; it returns its end.
 */
export async function simulateTwice(
  seed: number,
  isTwice: boolean,
  disturb: () => () => void = () => () => {},
): Promise<RepeatedOutcome> {
  const lines: string[] = [];
  const outcome = await simulateJob(seed, (line) => lines.push(line));
  if (!isTwice && outcome.violations.length === 0) return { ...outcome, isTwice: false, difference: null };
  const again: string[] = [];
  const end = disturb();
  await simulateJob(seed, (line) => again.push(line)).finally(end);
  const difference = firstDifference(lines, again);
  if (difference === null) return { ...outcome, isTwice: true, difference };
  const violation = `two simulations of the seed differ from line ${difference.line} of their events on`;
  return { ...outcome, violations: [...outcome.violations, violation], isTwice: true, difference };
}

/** Finds the first line in which two traces differ; null when they are equal. */
export function firstDifference(one: readonly string[], other: readonly string[]): Difference | null {
  for (let at = 0; at < Math.max(one.length, other.length); at += 1) {
    if (one[at] !== other[at]) return { line: at + 1, one: one[at], other: other[at] };
  }
  return null;
}
