import type { Effects } from "./effects.ts";
import { AbtieError } from "./errors.ts";
import { nodeDisk } from "./files/disk.ts";
import { thisMachine } from "./files/holder.ts";
import { secretsOfEnvironment } from "./secrets/environment.ts";
import { createRedactor } from "./secrets/redactor.ts";
import type { Clock } from "./types.ts";

/**
 * Creates the effects that the functions of the library need in addition to their options: the clock, the environment
 * and the working folder of this process. Nothing is logged and nothing interrupts; `given` replaces parts, for example
 * `{ log, progress, signal }`. Throws AbtieError("data") when the working folder was removed.
 */
export function createEffects(given: Partial<Effects> = {}): Effects {
  return {
    startedAt: given.startedAt ?? systemClock.now(),
    cwd: given.cwd ?? currentFolder(),
    env: process.env,
    machine: thisMachine,
    redactor: createRedactor(secretsOfEnvironment(given.env ?? process.env)),
    nodeVersion: process.version,
    clock: systemClock,
    disk: nodeDisk,
    random: Math.random,
    signal: new AbortController().signal,
    log: () => {},
    progress: () => {},
    armWatchdog: () => {},
    ...given,
  };
}

function currentFolder(): string {
  try {
    return process.cwd();
  } catch (cause) {
    throw new AbtieError("data", "the current folder was removed: change to a folder that exists (cd)", { cause });
  }
}

/** The clock of this machine. `now` may jump when the clock is set; `monotonic` never jumps. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  // Not that of node:timers/promises, which makes an error with a stack for each sleep that is ended: one for each request.
  sleep: (ms, signal) =>
    new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const end = (): void => {
        clearTimeout(timer);
        signal?.removeEventListener("abort", end);
        if (signal?.aborted) reject(signal.reason);
        else resolve();
      };
      const timer = setTimeout(end, ms);
      signal?.addEventListener("abort", end);
    }),
};
