import type { EngineChange } from "./replaceable-engine.ts";

/**
 * up: at least one engine answers; recovering: no engine answers, but one may come back; given-up: no engine will come back.
 */
export type PoolStatus = "up" | "recovering" | "given-up";

/** The status of a pool, computed from the changes of its engines. */
export interface StatusTracker {
  readonly change: (engine: string, change: EngineChange) => void;
  /** Calls the listener at once with the status, and again after every change of an engine. */
  readonly subscribe: (listener: (status: PoolStatus) => void) => void;
}

/** Creates the status of a pool in which all engines are up. */
export function createStatus(engines: readonly string[]): StatusTracker {
  const latest = new Map<string, EngineChange>(engines.map((name) => [name, "back"]));
  const listeners: ((status: PoolStatus) => void)[] = [];
  const status = (): PoolStatus => {
    const changes = [...latest.values()];
    if (changes.includes("back")) return "up";
    return changes.every((change) => change === "given-up") ? "given-up" : "recovering";
  };
  return {
    change: (engine, change) => {
      latest.set(engine, change);
      for (const listener of listeners) listener(status());
    },
    subscribe: (listener) => {
      listeners.push(listener);
      listener(status());
    },
  };
}
