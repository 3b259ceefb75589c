import type { PrefixCache } from "../report/data/comparison-data.ts";
import type { EngineModel, StartUp } from "../runfolder/journal/events.ts";
import type { RunState } from "../runfolder/state/run-state.ts";
import type { VariantRun } from "./variant-run.ts";

/** Records what holds for an engine in the journal of every variant that it serves. */
export function recordForAll(contestants: readonly VariantRun[], event: EngineModel | StartUp): void {
  for (const { recorder } of contestants) recorder.record(event);
}

/** Gives the sums of all sessions of a variant; null when no server looked anything up in a prefix cache. */
export function prefixCacheOf({ prefixCache }: Pick<RunState, "prefixCache">): PrefixCache | null {
  return prefixCache === null || prefixCache.looked === 0 ? null : prefixCache;
}

/** Sums over engines what the contestants of each were told; null when none was told anything. */
export function sumPrefixCaches(engines: readonly (readonly (PrefixCache | null)[])[]): PrefixCache | null {
  const total = { looked: 0, found: 0, prepared: 0, shared: 0 };
  for (const told of engines) {
    // All of an engine were told the same sums; one that came later misses the first ones.
    total.looked += Math.max(0, ...told.map((one) => one?.looked ?? 0));
    total.found += Math.max(0, ...told.map((one) => one?.found ?? 0));
    for (const one of told) {
      total.prepared += one?.prepared ?? 0;
      total.shared += one?.shared ?? 0;
    }
  }
  return total.looked === 0 || total.prepared === 0 ? null : total;
}
