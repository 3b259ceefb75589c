import type { EnginePool } from "../pool/pool.ts";

/** Prompt tokens that servers looked up in their prefix caches, and those that they found there. */
interface Cached {
  readonly looked: number;
  readonly found: number;
}

/** Reads the servers' counters; `used` reads them again and gives the difference, null when a server does not tell. */
export async function watchPrefixCache(
  pool: Pick<EnginePool<unknown>, "engines">,
  signal: AbortSignal,
): Promise<{ readonly used: () => Promise<Cached | null> }> {
  const before = await counters(pool, signal);
  return {
    used: async () => {
      const after = before === null ? null : await counters(pool, signal);
      if (before === null || after === null) return null;
      return { looked: after.looked - before.looked, found: after.found - before.found };
    },
  };
}

async function counters(
  { engines }: Pick<EnginePool<unknown>, "engines">,
  signal: AbortSignal,
): Promise<Cached | null> {
  // A figure for the report is no reason to end a comparison.
  const told = await Promise.all(
    engines.map(({ current }) =>
      current()
        .metrics(signal)
        .catch(() => null),
    ),
  );
  let looked = 0;
  let found = 0;
  for (const metrics of told) {
    if (metrics === null || metrics.prefixCacheQueries === null || metrics.prefixCacheHits === null) return null;
    looked += metrics.prefixCacheQueries;
    found += metrics.prefixCacheHits;
  }
  return { looked, found };
}
