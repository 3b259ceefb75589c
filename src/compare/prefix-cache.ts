import type { EnginePool } from "../pool/pool.ts";
import type { PrefixCache } from "../report/data/comparison-data.ts";
import type { RunState } from "../runfolder/state/run-state.ts";

/** Prompt tokens that servers looked up in their prefix caches, and those that they found there. */
type Counters = Pick<PrefixCache, "looked" | "found">;

/** Reads the counters of the servers. `used` reads them again and gives the difference; null when a server reports none. */
export async function watchPrefixCache(
  pool: Pick<EnginePool<unknown>, "engines">,
  signal: AbortSignal,
): Promise<{ readonly used: () => Promise<Counters | null> }> {
  const before = await readCounters(pool, signal);
  return {
    used: async () => {
      const after = before === null ? null : await readCounters(pool, signal);
      if (before === null || after === null) return null;
      return { looked: after.looked - before.looked, found: after.found - before.found };
    },
  };
}

async function readCounters(
  { engines }: Pick<EnginePool<unknown>, "engines">,
  signal: AbortSignal,
): Promise<Counters | null> {
  // Counters that cannot be read must not end a comparison: they only appear in the report.
  const reported = await Promise.all(
    engines.map(({ current }) =>
      current()
        .metrics(signal)
        .catch(() => null),
    ),
  );
  let looked = 0;
  let found = 0;
  for (const metrics of reported) {
    if (metrics === null || metrics.prefixCacheQueries === null || metrics.prefixCacheHits === null) return null;
    looked += metrics.prefixCacheQueries;
    found += metrics.prefixCacheHits;
  }
  return { looked, found };
}

/** Prompt tokens of one variant: all that were sent, and those that began like a recent prompt of the same variant. */
type Shared = Pick<PrefixCache, "prepared" | "shared">;

/** A server surely still has the latest 8 prompts of a variant. */
const RECENT_PROMPTS = 8;

/** Counts for each variant the tokens that a server with a prefix cache would find if it scored that variant alone. */
export function createPrefixMeter(variants: number): {
  readonly add: (variant: number, ids: readonly number[]) => void;
  readonly shared: () => readonly Shared[];
} {
  const recent: (readonly number[])[][] = Array.from({ length: variants }, () => []);
  const counts = recent.map(() => ({ prepared: 0, shared: 0 }));
  return {
    add: (variant, ids) => {
      const [before, count] = [recent[variant], counts[variant]];
      if (before === undefined || count === undefined) throw new Error(`there is no variant ${variant}`);
      count.prepared += ids.length;
      count.shared += Math.max(0, ...before.map((other) => commonLength(ids, other)));
      before.push(ids);
      if (before.length > RECENT_PROMPTS) before.shift();
    },
    shared: () => counts,
  };
}

function commonLength(one: readonly number[], other: readonly number[]): number {
  let length = 0;
  while (length < one.length && one[length] === other[length]) length += 1;
  return length;
}

/** Gives the sums over all sessions of a variant; null when no server looked anything up in a prefix cache. */
export function prefixCacheOf({ prefixCache }: Pick<RunState, "prefixCache">): PrefixCache | null {
  return prefixCache === null || prefixCache.looked === 0 ? null : prefixCache;
}

/** Adds up the prefix caches of all engines, given those of each engine's variants; null when no server reported any. */
export function sumPrefixCaches(engines: readonly (readonly (PrefixCache | null)[])[]): PrefixCache | null {
  const total = { looked: 0, found: 0, prepared: 0, shared: 0 };
  for (const variants of engines) {
    const counters = engineCounters(variants);
    total.looked += counters.looked;
    total.found += counters.found;
    for (const variant of variants) {
      total.prepared += variant?.prepared ?? 0;
      total.shared += variant?.shared ?? 0;
    }
  }
  return total.looked === 0 || total.prepared === 0 ? null : total;
}

/**
 * Gives the counters of one engine. Each of its variants recorded the same counters in every session; a variant that joined
 * in a later session lacks the earlier ones, so the largest are taken.
 */
export function engineCounters(variants: readonly (PrefixCache | null)[]): Counters {
  return {
    looked: Math.max(0, ...variants.map((variant) => variant?.looked ?? 0)),
    found: Math.max(0, ...variants.map((variant) => variant?.found ?? 0)),
  };
}
