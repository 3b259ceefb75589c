// One command of a peer, measured: seconds to its file, to the first result on the disk and to its end, and its memory.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile, rm, stat } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { childrenOf, cpuSeconds, endWithUs } from "../lib/processes.mjs";

/** How often the processes are looked at; a long command is looked at more rarely, because the look takes time of the same cores. */
const POLL_MS = { short: 200, long: 2_000 };
const LONG_SECONDS = 60;

/**
 * Runs a command to its end. `file` is the file that it writes, which is removed before, or a function that finds it at the end.
 * `hasFirst` tells whether a first result is on the disk; default: the file has content. `onTick` is called again and again with the pid,
 * the seconds and the stderr so far. Memory, CPU and the first result are looked at every 0.2 s, and with no onTick every 2 s after the first minute. Returns seconds from the command to the last change of the file (`file`), to the first result
 * (`first`) and to the end of the process (`end`), the peak of the resident memory of all its processes (MB), their CPU time (s, without
 * that since the last look), its output, and the time of each part of stderr, in seconds from the command. Throws when the exit status is not
 * among `statuses`, when onTick throws, or when it has not ended after `limit` seconds and is killed.
 */
export async function measure({ command, args, env, cwd, file, hasFirst, statuses = [0], limit, onTick }) {
  if (typeof file === "string") await rm(file, { force: true });
  const began = Date.now();
  const seconds = () => (Date.now() - began) / 1000;
  const child = spawn(command, args, { cwd, env, stdio: ["ignore", "pipe", "pipe"], detached: true });
  const stop = endWithUs(child);
  let stdout = "";
  const stderr = [];
  child.stdout.setEncoding("utf8").on("data", (text) => {
    stdout += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text) => stderr.push({ at: seconds(), text }));
  const closed = once(child, "close");
  const ended = new AbortController();
  child.once("close", () => ended.abort());
  let first = null;
  let peakMb = 0;
  const cpuOf = new Map();
  let running = true;
  const watching = (async () => {
    while (running) {
      if (first === null && (await (hasFirst ?? hasContent)(file))) first = seconds();
      peakMb = Math.max(peakMb, await lookAtTree(child.pid, cpuOf));
      await onTick?.({ pid: child.pid, seconds: seconds(), stderr });
      if (seconds() > limit) stop();
      const isLong = onTick === undefined && seconds() >= LONG_SECONDS;
      await sleep(isLong ? POLL_MS.long : POLL_MS.short, undefined, { signal: ended.signal }).catch(() => {});
    }
  })();
  // What onTick throws ends the command, and then this function.
  watching.catch(stop);
  const [status, signal] = await closed;
  const end = seconds();
  running = false;
  await watching;
  stop();
  if (signal === null ? !statuses.includes(status) : statuses.length < 256) {
    const text = stderr.map((part) => part.text).join("");
    throw new Error(
      `${command} ${args.slice(0, 4).join(" ")} ended with ${status}\n${stdout.slice(-2000)}\n${text.slice(-4000)}`,
    );
  }
  const cpu = [...cpuOf.values()].reduce((sum, part) => sum + part, 0);
  const written = await stat(typeof file === "string" ? file : await file()).catch(() => null);
  const done = written === null ? null : (written.mtimeMs - began) / 1000;
  return { file: done, first: first ?? done, end, cpu, peakMb, stdout, stderr, status, signal };
}

/**
 * Adds up the resident memory of a process and its descendants, in MB; pages that they share count several times. `seconds` gets the CPU
 * time of each of them so far.
 */
async function lookAtTree(pid, seconds) {
  const [status, cpu, below] = await Promise.all([
    readFile(`/proc/${pid}/status`, "utf8").catch(() => ""),
    cpuSeconds(pid).catch(() => null),
    childrenOf(pid).catch(() => []),
  ]);
  if (cpu !== null) seconds.set(String(pid), cpu);
  const parts = await Promise.all(below.map((child) => lookAtTree(child, seconds)));
  return parts.reduce((sum, part) => sum + part, Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024);
}

async function hasContent(file) {
  const found = await stat(file).catch(() => null);
  return found !== null && found.size > 0;
}
