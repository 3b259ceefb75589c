import { sum } from "../numbers/sums.ts";
import { readJournal } from "../runfolder/journal/read.ts";
import { prefixCacheOf } from "./group-records.ts";
import type { VariantRun } from "./variant-run.ts";

/** A stretch of time, ms since 1970. */
export interface Stretch {
  readonly from: number;
  readonly to: number;
}

/**
 * Computes what a row of each contestant of an engine costs there, ms. The time in which at least one answered request was
 * under way, over all sessions, is shared out by the prompt tokens that had to be computed: all of them, less what the
 * server found in its prefix cache, which is shared out in turn by what began like an earlier prompt of the same contestant.
 */
export async function msPerRow(
  contestants: readonly Pick<VariantRun, "folder" | "orders">[],
): Promise<readonly number[]> {
  const requests: Stretch[] = [];
  const answered: { tokens: number; prompts: number }[] = [];
  for (const { folder } of contestants) {
    const count = { tokens: 0, prompts: 0 };
    // What this session did must be in the file.
    await folder.journal.flush();
    for await (const { event } of readJournal(folder.journalFile)) {
      if (event.event !== "row") continue;
      requests.push({ from: event.at - event.ms, to: event.at });
      count.tokens += event.tokens;
      count.prompts += 1;
    }
    answered.push(count);
  }
  const cached = cachedShares(contestants.map(({ folder }) => prefixCacheOf(folder.state)));
  const computed = answered.map(({ tokens }, place) => tokens * (1 - (cached[place] ?? 0)));
  const total = sum(computed);
  const time = covered(requests);
  return answered.map(({ prompts }, place) => {
    if (prompts === 0 || total === 0) return 0;
    const perPrompt = (time * (computed[place] ?? 0)) / total / prompts;
    return perPrompt * (contestants[place]?.orders.length ?? 1);
  });
}

/** Shares out what the server found in its cache: the share of each contestant's tokens that it need not compute. */
export function cachedShares(told: readonly ReturnType<typeof prefixCacheOf>[]): readonly number[] {
  const shared = told.reduce((sum, one) => sum + (one?.shared ?? 0), 0);
  // Each was told the sum of its sessions; one that came later misses the first ones.
  const found = Math.max(0, ...told.map((one) => one?.found ?? 0));
  const hit = shared === 0 ? 0 : Math.min(1, found / shared);
  return told.map((one) => (one === null || one.prepared === 0 ? 0 : (hit * one.shared) / one.prepared));
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
