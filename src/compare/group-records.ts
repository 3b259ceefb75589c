import type { PrefixCache } from "../report/data/comparison-data.ts";
import type { SERVED_MODEL, ServedModel } from "../runfolder/served-model.ts";
import type { RunState } from "../runfolder/state/run-state.ts";
import type { VariantRun } from "./variant-run.ts";

/** What a session with an engine tells; written into the journal of every contestant that it served. */
export type EngineFact =
  | { readonly name: "start-up"; readonly figures: { readonly seconds: number } }
  | { readonly name: typeof SERVED_MODEL; readonly figures: ServedModel }
  | {
      readonly name: "prefix-cache";
      /**
       * Prompt tokens that the servers looked up in their prefix caches and found there, of all contestants; and of this
       * contestant those that were sent, and those that began like an earlier prompt of its own.
       */
      readonly figures: {
        readonly looked: number;
        readonly found: number;
        readonly prepared: number;
        readonly shared: number;
      };
    };

/** Records a fact with every contestant of the engine. */
export function recordFact(contestants: readonly VariantRun[], fact: EngineFact, at: number): void {
  for (const { recorder } of contestants) recorder.record({ event: "decision", ...fact, at });
}

/** The longest start of the engine so far, seconds; null when it was never started. */
export function startUpSeconds(state: Pick<RunState, "decisions">): number | null {
  const seconds = figuresOf(state, "start-up").flatMap(({ seconds }) => (typeof seconds === "number" ? [seconds] : []));
  return seconds.length === 0 ? null : Math.max(...seconds);
}

/** Sums what all sessions of a contestant tell about the prefix cache; null when no server told anything. */
export function prefixCacheOf(state: Pick<RunState, "decisions">): PrefixCache | null {
  const told = figuresOf(state, "prefix-cache");
  const sum = (key: string): number => told.reduce((total, figures) => total + Number(figures[key] ?? 0), 0);
  const [looked, found] = [sum("looked"), sum("found")];
  return looked === 0 ? null : { looked, found, prepared: sum("prepared"), shared: sum("shared") };
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

function figuresOf({ decisions }: Pick<RunState, "decisions">, name: EngineFact["name"]) {
  return decisions.filter((decision) => decision.name === name).map(({ figures }) => figures);
}
