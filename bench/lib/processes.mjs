// Shared by the benchmarks: processes, waiting for servers, tables.
import { readdir, readFile } from "node:fs/promises";
import { createServer } from "node:net";

/** Reads the CPU time (s) of a process so far, its threads included. */
export async function cpuSeconds(pid) {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8");
  const [user, system] = stat
    .slice(stat.lastIndexOf(")") + 2)
    .split(" ")
    .slice(11, 13)
    .map(Number);
  return (user + system) / 100;
}

/** Reads the CPU time (s) of a process and all its descendants that still run. */
export async function treeCpuSeconds(pid) {
  const below = await childrenOf(pid);
  // A child may end at any time.
  const parts = await Promise.all([cpuSeconds(pid), ...below.map((child) => treeCpuSeconds(child).catch(() => 0))]);
  return parts.reduce((sum, part) => sum + part, 0);
}

/** Lists the children of a process. */
export async function childrenOf(pid) {
  const threads = await readdir(`/proc/${pid}/task`);
  const lists = threads.map((thread) => readFile(`/proc/${pid}/task/${thread}/children`, "utf8").catch(() => ""));
  return (await Promise.all(lists)).flatMap((list) => list.split(" ").filter((child) => child !== ""));
}

/** Waits until a page answers with success. */
export async function answers(url, limitMs = 20_000, signal = undefined) {
  const end = performance.now() + limitMs;
  while (performance.now() < end) {
    signal?.throwIfAborted();
    const ok = await fetch(url).then(
      (response) => response.ok,
      () => false,
    );
    if (ok) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`${url} does not answer`);
}

/** Finds a free port; returns it as text. */
export function freePort() {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(String(port)));
    });
  });
}

/** Waits for a process to end and returns its stdout. Throws with the end of its stderr when it fails. */
export function output(child, name) {
  let text = "";
  let stderr = "";
  child.stderr?.setEncoding("utf8").on("data", (part) => {
    stderr = (stderr + part).slice(-3000);
  });
  child.stdout.setEncoding("utf8").on("data", (part) => {
    text += part;
  });
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (status) =>
      status === 0 ? resolve(text) : reject(new Error(`${name} ended with ${status}\n${stderr}`)),
    );
  });
}

/** Kills the group of a detached process when this process ends, by whatever signal. Returns a function that kills it now. */
export function endWithUs(child) {
  const stop = () => {
    try {
      process.kill(-child.pid, "SIGKILL");
    } catch {
      // It has already ended.
    }
  };
  process.once("exit", stop);
  if (process.listenerCount("SIGTERM") === 0) {
    for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"]) process.once(signal, () => process.exit(143));
  }
  return stop;
}

/** Prints a table in Markdown; the first row is its head. */
export function markdown([head, ...rows]) {
  const line = (cells) => `| ${cells.join(" | ")} |`;
  process.stdout.write(`${[line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n")}\n`);
}
