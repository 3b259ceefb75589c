import { spawn } from "node:child_process";
import { existsSync, openSync, writeSync } from "node:fs";
import { constants } from "node:os";
import { findAlive, MARK, signalAll } from "./find-alive.ts";

/*
 * A program of its own, started by keep.ts: it starts the server, and stops all of it when abtie ends, by whatever end.
 * Abtie holds the other end of stdin: when it ends, `kill -9` included, the pipe closes. Being a program of its own it
 * reads its own environment and exits; it depends on node: alone, so that nothing here can fail when it matters.
 * Argument: JSON {command, args, graceMs, logFile}. Exit status: the server's, 127 when it cannot be started.
 */

const { command, args, graceMs, logFile } = JSON.parse(process.argv[2] ?? "{}") as {
  readonly command: string;
  readonly args: readonly string[];
  readonly graceMs: number;
  readonly logFile: string;
};
const POLL_MS = 50;
/** After the server has ended by itself, what it left behind gets this long, so that its failure is told soon. */
const ORPHAN_GRACE_MS = 1_000;
/** A process that waits for a device cannot be killed before that ends; waiting longer helps nobody. */
const KILL_WAIT_MS = 10_000;

const mark = process.env[MARK] ?? "";
const hasProc = existsSync("/proc/self/stat");
let status = 0;
let stopping = false;

const log = openSync(logFile, "a");
const server = spawn(command, args, { detached: true, stdio: ["ignore", log, log] });
server.once("error", (error) => {
  writeSync(log, `abtie: cannot start ${command}: ${error.message}\n`);
  process.exit(127);
});
server.once("exit", (code, killedBy) => {
  status = code ?? 128 + constants.signals[killedBy ?? "SIGKILL"];
  void stop(Math.min(graceMs, ORPHAN_GRACE_MS));
});

// Ctrl-C and a closed terminal are abtie's to handle; it then closes the pipe.
for (const name of ["SIGINT", "SIGHUP", "SIGQUIT"] as const) process.on(name, () => {});
process.on("SIGTERM", () => void stop(graceMs));
process.stdin.on("error", () => {});
process.stdin.once("close", () => void stop(graceMs));
process.stdin.resume();

async function stop(grace: number): Promise<void> {
  if (stopping) return;
  stopping = true;
  signal("SIGTERM");
  // A frozen process only sees SIGTERM when it goes on.
  signal("SIGCONT");
  await gone(grace, () => {});
  await gone(KILL_WAIT_MS, () => signal("SIGKILL"));
  process.exit(status);
}

async function gone(limitMs: number, each: () => void): Promise<void> {
  const end = performance.now() + limitMs;
  while (isAlive() && performance.now() < end) {
    each();
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

function signal(name: NodeJS.Signals): void {
  if (hasProc) signalAll(alive(), name);
  else signalGroup(name);
}

function isAlive(): boolean {
  return hasProc ? alive().length > 0 : signalGroup(0);
}

function alive(): ReturnType<typeof findAlive> {
  return findAlive({ mark, leader: server.pid, roots: [process.pid], except: [process.pid] });
}

/** For systems without /proc, such as macOS: reaches the group only. False when nothing of it is left. */
function signalGroup(name: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(-(server.pid ?? Number.NaN), name);
  } catch {
    return false;
  }
}
