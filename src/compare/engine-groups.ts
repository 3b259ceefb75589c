import type { VariantRun } from "./variant-run.ts";

/** Contestants that are asked of the same engine, which is started once for all of them. */
export type EngineGroup = readonly [VariantRun, ...VariantRun[]];

/** Groups contestants by their engine, in the order in which the engines are named first. */
export function groupByEngine(contestants: readonly VariantRun[]): readonly EngineGroup[] {
  const groups = new Map<string, [VariantRun, ...VariantRun[]]>();
  for (const contestant of contestants) {
    const key = JSON.stringify(contestant.config.engine);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [contestant]);
    else group.push(contestant);
  }
  return [...groups.values()];
}
