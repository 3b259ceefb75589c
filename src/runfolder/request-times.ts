import { readJournal } from "./journal/read.ts";

/** Start and end of a request, ms since 1970. */
export interface RequestTime {
  readonly from: number;
  readonly to: number;
}

/** What the journal of a run says of the speed of its engine, over all sessions. */
export interface MeasuredSpeed {
  /** Prompt tokens of all answers a second in which a request was in flight; null without answers. */
  readonly tokensPerSecond: number | null;
  /** Longest start of an engine, s; null when none was measured. */
  readonly startUpSeconds: number | null;
}

/** Measures the speed of the engine of a run. Throws AbtieError("data") with file and line when the journal is corrupt. */
export async function measureSpeed(journalFile: string): Promise<MeasuredSpeed> {
  const requests: RequestTime[] = [];
  let tokens = 0;
  let startUpSeconds: number | null = null;
  for await (const { event } of readJournal(journalFile)) {
    if (event.event === "start-up") startUpSeconds = Math.max(event.seconds, startUpSeconds ?? 0);
    if (event.event !== "row") continue;
    requests.push({ from: event.at - event.ms, to: event.at });
    tokens += event.tokens;
  }
  const ms = coveredMs(requests);
  return { tokensPerSecond: ms === 0 || tokens === 0 ? null : (1_000 * tokens) / ms, startUpSeconds };
}

/** Computes the time with at least one request in flight, ms. */
export function coveredMs(requests: readonly RequestTime[]): number {
  let total = 0;
  let end = Number.NEGATIVE_INFINITY;
  for (const { from, to } of [...requests].sort((one, other) => one.from - other.from)) {
    total += Math.max(0, to - Math.max(from, end));
    end = Math.max(end, to);
  }
  return total;
}
