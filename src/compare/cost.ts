import { sum } from "../numbers/sums.ts";
import type { PrefixCache } from "../report/data/comparison-data.ts";
import { readJournal } from "../runfolder/journal/read.ts";
import { coveredMs, type RequestTime } from "../runfolder/request-times.ts";
import { engineCounters, prefixCacheOf } from "./prefix-cache.ts";
import type { VariantRun } from "./variant-run.ts";

/**
 * Computes the time that a row of each variant costs on an engine, ms. The time with at least one answered request in
 * flight, over all sessions, is divided among the variants in proportion to the prompt tokens that the server had to
 * compute. These are all tokens of the variant minus the tokens found in the server's prefix cache. Found tokens are
 * assigned to the variants in proportion to the tokens at the start of a prompt that equal the start of an earlier
 * prompt of the same variant.
 */
export async function msPerRow(runs: readonly Pick<VariantRun, "folder" | "orders">[]): Promise<readonly number[]> {
  const requests: RequestTime[] = [];
  const answered: { tokens: number; prompts: number }[] = [];
  for (const { folder } of runs) {
    const count = { tokens: 0, prompts: 0 };
    // The rows of this session must be in the file too before it is read.
    await folder.journal.flush();
    for await (const { event } of readJournal(folder.journalFile)) {
      if (event.event !== "row") continue;
      requests.push({ from: event.at - event.ms, to: event.at });
      count.tokens += event.tokens;
      count.prompts += 1;
    }
    answered.push(count);
  }
  const cached = cachedShares(runs.map(({ folder }) => prefixCacheOf(folder.state)));
  const computed = answered.map(({ tokens }, index) => tokens * (1 - (cached[index] ?? 0)));
  const total = sum(computed);
  const ms = coveredMs(requests);
  return answered.map(({ prompts }, index) => {
    if (prompts === 0 || total === 0) return 0;
    const msPerPrompt = (ms * (computed[index] ?? 0)) / total / prompts;
    return msPerPrompt * (runs[index]?.orders.length ?? 1);
  });
}

/** Computes, for each variant of an engine, the share of its tokens that the prefix cache saved. */
export function cachedShares(variants: readonly (PrefixCache | null)[]): readonly number[] {
  const shared = sum(variants.map((variant) => variant?.shared ?? 0));
  const hitRate = shared === 0 ? 0 : Math.min(1, engineCounters(variants).found / shared);
  return variants.map((variant) =>
    variant === null || variant.prepared === 0 ? 0 : (hitRate * variant.shared) / variant.prepared,
  );
}
