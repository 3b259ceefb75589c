import type { EnginePool } from "../pool/pool.ts";
import type { PrefixCache } from "../report/data/comparison-data.ts";
import type { RunState } from "../runfolder/state/run-state.ts";

/** Prompt tokens that servers looked up in their prefix caches, and prompt tokens that they found there. */
type Counters = Pick<PrefixCache, "looked" | "found">;

/**
 * Reads the counters of the servers. `used` reads them again and returns the difference; null when a server reports no
 * counters.
 */
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
  // A counter that cannot be read must not end a comparison, because counters appear only in the report.
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

/**
 * Prompt tokens of one variant: those that were sent, and those at the start of a prompt that equal the start of a
 * recent prompt of the same variant.
 */
type Shared = Pick<PrefixCache, "prepared" | "shared">;

/** A server's cache is assumed to contain the latest 8 prompts of a variant. */
const RECENT_PROMPTS = 8;

/**
 * Counts, for each variant, the tokens that a server with a prefix cache would find if it scored only this variant.
 */
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

/** Returns the counts of a variant over all sessions; null when no server looked up tokens in a prefix cache. */
export function prefixCacheOf({ prefixCache }: Pick<RunState, "prefixCache">): PrefixCache | null {
  return prefixCache === null || prefixCache.looked === 0 ? null : prefixCache;
}

/**
 * Adds up the counts of all engines; each element contains the counts of one engine's variants. Null when no server
 * reported any.
 */
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
 * Returns the counts of one engine. In every session, all its variants recorded the same counts. A variant that joined
 * in a later session lacks the counts of earlier sessions, so the largest ones are used.
 */
export function engineCounters(variants: readonly (PrefixCache | null)[]): Counters {
  return {
    looked: Math.max(0, ...variants.map((variant) => variant?.looked ?? 0)),
    found: Math.max(0, ...variants.map((variant) => variant?.found ?? 0)),
  };
}
