import type { Effects } from "../effects.ts";
import { systemClock } from "./clock.ts";

/**
 * Creates what the functions of the library ask for besides their options: clock, environment and folder of this process; nothing is
 * said, and nothing interrupts. `given` replaces parts of it, for example `{ log, progress, signal }`.
 */
export function createEffects(given: Partial<Effects> = {}): Effects {
  return {
    startedAt: systemClock.now(),
    cwd: process.cwd(),
    env: process.env,
    pid: process.pid,
    nodeVersion: process.version,
    clock: systemClock,
    random: Math.random,
    signal: new AbortController().signal,
    log: () => {},
    progress: () => {},
    guard: () => {},
    ...given,
  };
}
