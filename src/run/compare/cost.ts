import { readJournal } from "../../journal/read.ts";
import type { Contestant } from "./contestant.ts";

/** A stretch of time, ms since 1970. */
export interface Stretch {
  readonly from: number;
  readonly to: number;
}

/**
 * Computes what a prompt token has cost on the engine of a group, ms: the time in which at least one answered request was
 * under way, over all sessions, divided by the tokens answered in it. 0 when nothing was answered.
 */
export async function msPerToken(contestants: readonly Pick<Contestant, "folder">[]): Promise<number> {
  const requests: Stretch[] = [];
  let tokens = 0;
  for (const { folder } of contestants) {
    // What this session did must be in the file.
    await folder.journal.flush();
    for await (const { event } of readJournal(folder.journalFile)) {
      if (event.event !== "row") continue;
      requests.push({ from: event.at - event.ms, to: event.at });
      tokens += event.tokens;
    }
  }
  return tokens === 0 ? 0 : covered(requests) / tokens;
}

/** Computes how much time is covered by at least one stretch, ms. */
export function covered(stretches: readonly Stretch[]): number {
  let total = 0;
  let end = Number.NEGATIVE_INFINITY;
  for (const { from, to } of [...stretches].sort((one, other) => one.from - other.from)) {
    total += Math.max(0, to - Math.max(from, end));
    end = Math.max(end, to);
  }
  return total;
}
