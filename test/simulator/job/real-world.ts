import { createHook } from "node:async_hooks";
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";

/** What a simulated job must not ask, because two simulations of one seed may get two answers. */
const FORBIDDEN: readonly (readonly [owner: object, name: string])[] = [
  [Date, "now"],
  [performance, "now"],
  [process, "cwd"],
  [process, "hrtime"],
  [process, "cpuUsage"],
  [process, "memoryUsage"],
  [process, "resourceUsage"],
  [Math, "random"],
  [AbortSignal, "timeout"],
  [globalThis, "setTimeout"],
  [globalThis, "setInterval"],
  [globalThis, "setImmediate"],
  [globalThis, "fetch"],
];

/** Asynchronous work that is done in the order in which it was begun; any other waits for the system, for as long as that takes. */
const ORDERED: ReadonlySet<string> = new Set(["PROMISE", "TickObject", "Microtask", "Immediate"]);

/** Random bytes are made at once, though Node calls them asynchronous; the names that they make are replaced by numbers. */
const AT_ONCE: ReadonlySet<string> = new Set(["RANDOMBYTESREQUEST"]);

/** Code that asks and does not use the answer. */
const UNUSED: readonly (readonly [name: string, caller: RegExp])[] = [
  // The queue reads the time for a rate limit, which abtie does not set.
  ["Date.now", /\/node_modules\/p-queue\//],
];

/** The code that is simulated: abtie and the libraries that it calls. The simulator and the test runner are not. */
const SIMULATED =
  /\/src\/[^:]*\.[jt]s|\/node_modules\/(?!vitest\/|@vitest\/|vite\/|vite-node\/|tinypool\/|birpc\/|chai\/)/;
const SIMULATOR = /\/test\/simulator\//;

/**
 * Calls `work`, and meanwhile `report` with everything that simulated code asks of the real machine: time, timers, randomness, the
 * working folder, files, sockets and threads. Each is reported once, with the place. The real machine answers all the same, so that
 * the simulation goes on.
 */
export async function watchRealWorld<T>(report: (what: string) => void, work: () => Promise<T>): Promise<T> {
  let isAsking = false;
  const note = (name: string): void => {
    if (isAsking) return;
    isAsking = true;
    const caller = callerOf(new Error().stack ?? "");
    if (caller !== null && !UNUSED.some(([unused, by]) => unused === name && by.test(caller))) {
      report(`a simulated job asks the real machine: ${name} ${caller}`);
    }
    isAsking = false;
  };
  const restore = [...FORBIDDEN, ...FILE_FUNCTIONS].map(([owner, name]) => replace(owner, name, note));
  syncBuiltinESMExports();
  const hook = createHook({
    init: (_, type) => {
      if (!ORDERED.has(type) && !AT_ONCE.has(type)) note(type);
    },
  }).enable();
  try {
    return await work();
  } finally {
    hook.disable();
    for (const undo of restore) undo();
    syncBuiltinESMExports();
  }
}

const FILE_FUNCTIONS = [fs, fs.promises].flatMap((owner) =>
  Object.entries(owner)
    .filter(([name, value]) => typeof value === "function" && /^[a-z]/.test(name))
    .map(([name]) => [owner, name] as const),
);

/** Replaces a function by one that calls `note` first. Returns the function that undoes it. */
function replace(owner: object, name: string, note: (name: string) => void): () => void {
  const property = Object.getOwnPropertyDescriptor(owner, name);
  const real = (owner as Readonly<Record<string, unknown>>)[name];
  if (typeof real !== "function") return () => {};
  const asked = function (this: unknown, ...given: unknown[]): unknown {
    note(`${nameOf(owner)}.${name}`);
    return Reflect.apply(real, this, given);
  };
  Object.defineProperty(owner, name, { configurable: true, writable: true, value: Object.assign(asked, real) });
  return () => {
    if (property !== undefined) Object.defineProperty(owner, name, property);
    else Reflect.deleteProperty(owner, name);
  };
}

function nameOf(owner: object): string {
  if (typeof owner === "function") return owner.name;
  return owner === globalThis
    ? "globalThis"
    : owner === process
      ? "process"
      : owner === performance
        ? "performance"
        : "fs";
}

/** The first place outside Node and this file, if it is simulated code; null otherwise. */
function callerOf(stack: string): string | null {
  const place = stack
    .split("\n")
    .slice(1)
    .find((line) => !/node:|real-world\.[jt]s|<anonymous>\)?$/.test(line));
  return place !== undefined && SIMULATED.test(place) && !SIMULATOR.test(place) ? place.trim() : null;
}
