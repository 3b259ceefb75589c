import { readlink } from "node:fs/promises";
import { join, resolve } from "node:path";
import { execa } from "execa";
import type { Config } from "../../src/config/config.ts";
import type { Effects } from "../../src/effects.ts";
import { nodeDisk } from "../../src/files/disk.ts";
import { thisMachine } from "../../src/files/holder.ts";
import { openConfig } from "../../src/job/open-config.ts";
import { createRedactor } from "../../src/secrets/redactor.ts";
import { systemClock } from "../../src/system.ts";

const ROOT = resolve(".");

/** The command line as a user runs it. */
export function abtie(args: readonly string[], options: { cwd?: string; env?: Record<string, string> } = {}) {
  return execa(process.execPath, [join(ROOT, "dist/cli/main.js"), ...args], {
    reject: false,
    cwd: options.cwd ?? ROOT,
    env: options.env ?? {},
  });
}

/** Effects of a test that runs parts of abtie in its own process. */
export function testEffects(): Effects {
  return {
    startedAt: Date.now(),
    cwd: ROOT,
    env: process.env,
    machine: thisMachine,
    redactor: createRedactor(),
    nodeVersion: process.version,
    clock: systemClock,
    disk: nodeDisk,
    random: () => 0.5,
    signal: new AbortController().signal,
    log: () => {},
    progress: () => {},
    armWatchdog: () => {},
  };
}

/** The config of the demo. */
export function demoConfig(): Promise<Config> {
  return openConfig("examples/config.yaml", [], testEffects());
}

/** Processes of servers that were started from this folder and are alive; a zombie is not. */
export async function serversAlive(): Promise<readonly string[]> {
  const { stdout } = await execa("ps", ["-eo", "pid,stat,args"]);
  const servers = stdout
    .split("\n")
    .filter((line) => /vllm\.entrypoints|VLLM::|process\/supervisor\.js/.test(line) && !/^\s*\d+ Z/.test(line));
  const folders = await Promise.all(
    servers.map((line) => readlink(`/proc/${line.trim().split(" ")[0]}/cwd`).catch(() => null)),
  );
  return servers.filter((_, i) => folders[i] === ROOT);
}
