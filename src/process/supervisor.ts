import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, openSync, writeSync } from "node:fs";
import { constants } from "node:os";
import type { Duplex } from "node:stream";
import { fileURLToPath } from "node:url";
import { createRedactor } from "../secrets/redactor.ts";
import { Secret } from "../secrets/secret.ts";
import { cutBetweenSecrets } from "./cut-line.ts";
import { findAlive, HURRY, MARK, signalAll } from "./find-alive.ts";
import { createKeeper } from "./keeper.ts";
import { KEEP, type SupervisorTask, TASK } from "./supervisor-task.ts";

/*
 * The supervisor is a separate program that supervise.ts starts. The supervisor starts the server. When abtie ends, the
 * supervisor stops the server and every process that the server started. Abtie holds the other end of stdin, so the
 * pipe closes however abtie ends, even by `kill -9`. A server that is to be kept (keeper.ts) goes on without a user for
 * a limited time. The supervisor imports nothing but node: modules, files of
 * this folder and of src/secrets, so that no dependency can fail when the supervisor is needed. It reads its task as JSON
 * from an environment variable, because every user of the machine can list arguments. Exit status: that of the server; 127
 * when the server cannot be started.
 */

const { command, args, graceMs, logFile, secrets, keep } = JSON.parse(process.env[TASK] ?? "{}") as SupervisorTask;
// The server does not inherit the task.
delete process.env[TASK];
const ADOPT = fileURLToPath(new URL("../../launch/python/adopt.py", import.meta.url));
const POLL_MS = 50;
/** Longest line (UTF-16 units) that is searched for secrets as a whole. */
const LONGEST_LINE = 1 << 16;
/**
 * Time (ms) between SIGTERM and SIGKILL for processes that a server left when it ended by itself. It is short, so that
 * abtie learns of the failure soon.
 */
const ORPHAN_GRACE_MS = 1_000;
/**
 * Longest wait (ms) after SIGKILL, because a process that waits for a device ends only when the device answers, and it
 * may never answer.
 */
const KILL_WAIT_MS = 10_000;

const mark = process.env[MARK] ?? "";
const hasProc = existsSync("/proc/self/stat");
let status = 0;
let stopping = false;
/** Set when no time is left for an end in order. */
let isUrgent = false;

const log = openSync(logFile, "a");
const { redact } = createRedactor(secrets.map((value) => new Secret(value)));
// A server without secrets writes into the log itself, which costs nothing.
const output = secrets.length === 0 ? log : "pipe";
const copies: Promise<unknown>[] = [];
/** The process whose children are watched: the server, or the program that adopts what the server leaves. */
let child: ChildProcess;
/** Leads the session of the server. */
let leader: number | undefined;
/** The program that adopts; it must outlive what it has adopted. */
let adopter: number | undefined;
start();

// Abtie handles Ctrl-C and a closed terminal, and then closes the pipe; the supervisor must survive these signals until
// then.
for (const name of ["SIGINT", "SIGHUP", "SIGQUIT"] as const) process.on(name, () => {});
process.on("SIGTERM", () => void stop(graceMs));
process.on(HURRY, () => {
  isUrgent = true;
  void stop(0);
});
process.stdin.on("error", () => {});
const keeper =
  keep === null ? null : createKeeper(keep, { now: () => performance.now(), onOver: () => void stop(graceMs) });
let said = "";
process.stdin.setEncoding("utf8").on("data", (text: string) => {
  said += text;
  if (said === KEEP) keeper?.listen();
});
process.stdin.once("close", async () => {
  if (said !== KEEP || (await keeper?.release()) !== true) void stop(graceMs);
});

/** Starts the server below the program that adopts, or alone where that program cannot be run. */
function start(): void {
  if (!hasProc) {
    write("abtie: this system has no /proc: a process of the server that leaves its process group may outlive it\n");
    startAlone();
    return;
  }
  child = spawn("python3", ["-I", "-S", ADOPT], {
    detached: true,
    stdio: ["ignore", output, output, "pipe"],
  });
  copyOutput(child);
  let report = "";
  const pipe = child.stdio[3] as Duplex;
  // Not as arguments, so that the list of processes shows the server once.
  pipe.on("error", () => {});
  pipe.write(`${JSON.stringify([command, ...args])}\n`);
  pipe.setEncoding("utf8").on("data", (text: string) => {
    report += text;
    const [, can, pid] = /^(adopts|cannot) (\d+)\n/.exec(report) ?? [];
    if (pid === undefined || adopter !== undefined) return;
    leader = Number(pid);
    adopter = child.pid;
    if (can === "cannot") note("the system adopts no processes");
  });
  child.once("error", () => {
    note("python3 is missing");
    startAlone();
  });
  child.once("exit", (code, killedBy) => {
    // The pipe may still hold the report.
    setImmediate(() => {
      if (report !== "" || stopping) onEnd(code, killedBy);
      else {
        note(`python3 ended with ${code ?? killedBy}`);
        startAlone();
      }
    });
  });
}

function startAlone(): void {
  if (stopping) return;
  child = spawn(command, args, { detached: true, stdio: ["ignore", output, output] });
  copyOutput(child);
  leader = child.pid;
  child.once("error", (error) => {
    write(`abtie: cannot start ${command}: ${error.message}\n`);
    process.exit(127);
  });
  child.once("exit", onEnd);
}

/** Copies the output of a process into the log line by line, without secrets. */
function copyOutput({ stdout, stderr }: ChildProcess): void {
  for (const stream of [stdout, stderr]) {
    if (stream === null) continue;
    copies.push(new Promise((resolve) => stream.once("close", resolve)));
    copyLines(stream);
  }
}

function copyLines(stream: NodeJS.ReadableStream): void {
  let partial = "";
  stream.setEncoding("utf8");
  stream.on("data", (chunk: string) => {
    const lines = (partial + chunk).split(/(?<=[\n\r])/);
    partial = /[\n\r]$/.test(lines.at(-1) ?? "") ? "" : (lines.pop() ?? "");
    // An endless line is written in parts.
    while (partial.length > LONGEST_LINE) {
      const end = cutBetweenSecrets(partial, redact);
      lines.push(partial.slice(0, end));
      partial = partial.slice(end);
    }
    for (const line of lines) write(line);
  });
  stream.on("end", () => write(partial));
}

/** Writes into the log, without secrets. What a full disk does not take is dropped, because the run needs the server, not its log. */
function write(text: string): void {
  try {
    if (text !== "") writeSync(log, redact(text));
  } catch {
    // See above.
  }
}

function note(why: string): void {
  write(`abtie: ${why}: a process of the server that leaves its session and drops its environment may outlive it\n`);
}

function onEnd(code: number | null, killedBy: NodeJS.Signals | null): void {
  status = code ?? 128 + constants.signals[killedBy ?? "SIGKILL"];
  void stop(Math.min(graceMs, ORPHAN_GRACE_MS));
}

async function stop(grace: number): Promise<void> {
  if (stopping) return;
  stopping = true;
  keeper?.close();
  signal("SIGTERM");
  // A process that is stopped (SIGSTOP) handles SIGTERM only after it is continued.
  signal("SIGCONT");
  await waitUntilGone(grace, () => {});
  await waitUntilGone(KILL_WAIT_MS, () => signal("SIGKILL"));
  if (adopter !== undefined) child.kill("SIGKILL");
  // The last lines may still be in the pipe.
  await Promise.race([Promise.all(copies), new Promise((resolve) => setTimeout(resolve, ORPHAN_GRACE_MS))]);
  process.exit(status);
}

async function waitUntilGone(limitMs: number, each: () => void): Promise<void> {
  const end = performance.now() + limitMs;
  while (isAlive() && performance.now() < end) {
    each();
    if (isUrgent) signal("SIGKILL");
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
  const except = [process.pid, ...(adopter === undefined ? [] : [adopter])];
  return findAlive({ mark, leader, roots: [process.pid], except });
}

/**
 * Sends a signal to the server's process group, for systems without /proc such as macOS. Returns false when the group
 * has no process left.
 */
function signalGroup(name: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(-(leader ?? Number.NaN), name);
  } catch {
    return false;
  }
}
