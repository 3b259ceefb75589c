import { readdirSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

/** Name of the environment variable that everything a test starts carries, also what it started in turn. */
export const TAG = "ABTIE_TEST_TAG";

/** A process that is alive; a zombie is not. */
export interface Alive {
  readonly pid: number;
  readonly command: string;
}

/** Lists what is alive of a test, from /proc; written anew here, not taken from the code under test. */
export function aliveWith(tag: string): readonly Alive[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        if (!readFileSync(`/proc/${pid}/environ`, "latin1").split("\0").includes(`${TAG}=${tag}`)) return [];
        if (/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, "utf8"))) return [];
        const command = readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ").trim();
        // Between fork and exec, or on its way out.
        return command === "" ? [] : [{ pid: Number(pid), command }];
      } catch {
        return [];
      }
    });
}

/** Waits until nothing of a test is alive, and returns what still is after the limit. */
export async function gone(tag: string, limitMs = 30_000): Promise<readonly Alive[]> {
  const end = performance.now() + limitMs;
  while (aliveWith(tag).length > 0 && performance.now() < end) await sleep(50);
  return aliveWith(tag);
}

/** Kills what a failed test has left. */
export function killAll(tag: string): void {
  for (const { pid } of aliveWith(tag)) {
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // It ended by itself.
    }
  }
}

/** Waits until the condition holds; throws after the limit. */
export async function until(
  what: string,
  condition: () => boolean | Promise<boolean>,
  limitMs = 120_000,
): Promise<void> {
  const end = performance.now() + limitMs;
  while (!(await condition())) {
    if (performance.now() > end) throw new Error(`waited ${limitMs} ms in vain: ${what}`);
    await sleep(20);
  }
}
