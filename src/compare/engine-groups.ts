import { engineKey } from "../config/engine-key.ts";
import type { JournalEvent } from "../runfolder/journal/events.ts";
import type { VariantRun } from "./variant-run.ts";

/** Variants that share an engine. The engine is opened once for all of them. */
export type EngineGroup = readonly [VariantRun, ...VariantRun[]];

/** Groups variants by engine, in the order in which the engines first occur. */
export function groupByEngine(runs: readonly VariantRun[]): readonly EngineGroup[] {
  const groups = new Map<string, [VariantRun, ...VariantRun[]]>();
  for (const run of runs) {
    const key = engineKey(run.config);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [run]);
    else group.push(run);
  }
  return [...groups.values()];
}

/** Records an event of an engine in the journal of every variant that uses the engine. */
export function recordForAll(group: EngineGroup, event: JournalEvent): void {
  for (const { recorder } of group) recorder.record(event);
}
