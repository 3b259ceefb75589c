import { appendFile, mkdir, statfs } from "node:fs/promises";
import { dirname } from "node:path";
import { execa } from "execa";
import type { Work } from "../setup/work.ts";
import { explainFailure } from "./explain-failure.ts";
import type { Tool, ToolResult } from "./tool.ts";
import { createOutput, type Output } from "./tool-output.ts";

/**
 * Runs a program and returns the last lines of its output. Throws AbtieError("engine") with the cause, a remedy and the end of the
 * output when it fails; the signal's reason when it aborts.
 */
export async function mustRun(work: Work, tool: Tool): Promise<readonly string[]> {
  const result = await tryRun(work, tool);
  if (!result.ok) throw explainFailure(tool, result, work);
  return result.tail;
}

/**
 * Runs a program in a process group of its own, which is killed when the signal aborts, the limit passes or this process ends.
 * Its output goes to the log, its last line to the progress display. Throws only the signal's reason.
 */
export async function tryRun(work: Work, tool: Tool): Promise<ToolResult> {
  work.signal.throwIfAborted();
  await mkdir(dirname(work.logFile), { recursive: true });
  await appendFile(work.logFile, `\n$ ${[tool.command, ...tool.args].join(" ")}\n`);
  const child = execa("/bin/sh", ["-c", GUARD, "sh", tool.command, ...tool.args], {
    cwd: work.home,
    env: { ...work.env, ...tool.env },
    extendEnv: false,
    detached: true,
    cleanup: false,
    reject: false,
    buffer: false,
    all: true,
    stdin: "pipe",
  });
  const output = createOutput();
  const logged = copyOutput(child.all, output, work.logFile);
  const ended = new AbortController();
  const limit = new AbortController();
  const showing = show(work, tool, output, ended.signal);
  const limiting = work.clock.sleep(tool.limitMs, ended.signal).then(
    () => limit.abort(),
    () => {},
  );
  const end = AbortSignal.any([work.signal, limit.signal]);
  const kill = (): void => killGroup(child.pid);
  end.addEventListener("abort", kill, { once: true });
  if (end.aborted) kill();
  const { exitCode } = await child;
  end.removeEventListener("abort", kill);
  ended.abort();
  await Promise.all([logged, showing, limiting]);
  work.signal.throwIfAborted();
  const status = exitCode ?? 137;
  return { ok: status === 0, status, timedOut: limit.signal.aborted, tail: output.tail() };
}

/**
 * Runs "$@" and ends with its status. This process holds the other end of stdin: when it ends, by kill -9 too, `read` returns and
 * the whole group is killed.
 */
const GUARD = `exec 3<&0
"$@" </dev/null 3<&- & child=$!
{ read -r _ <&3; kill -KILL 0; } >/dev/null 2>&1 & watcher=$!
wait $child; status=$?
kill $watcher 2>/dev/null
exit $status`;

function killGroup(pid: number | undefined): void {
  try {
    if (pid !== undefined) process.kill(-pid, "SIGKILL");
  } catch {
    // It has ended.
  }
}

async function copyOutput(stream: NodeJS.ReadableStream, output: Output, logFile: string): Promise<void> {
  stream.setEncoding("utf8");
  for await (const chunk of stream) {
    output.add(String(chunk));
    // A full disk must not hide what the tool itself says about it.
    await appendFile(logFile, chunk).catch(() => {});
  }
}

const SHOW_MS = 1_000;
const SHOWN_BYTES = 20e6;

/** Shows how far the tool is once a second: its last line, what the disk has taken since, and the time. */
async function show(work: Work, tool: Tool, output: Output, ended: AbortSignal): Promise<void> {
  const { clock, progress } = work;
  const start = clock.monotonic();
  const freeAtStart = await freeBytes(work.home);
  while (!ended.aborted) {
    const used = freeAtStart - (await freeBytes(work.home));
    const seconds = `${Math.round((clock.monotonic() - start) / 1000)} s`;
    const facts = used > SHOWN_BYTES ? `${(used / 1e9).toFixed(1)} GB on disk, ${seconds}` : seconds;
    progress({ name: tool.step, text: `${output.current() || tool.title} (${facts})` });
    await clock.sleep(SHOW_MS, ended).catch(() => {});
  }
}

async function freeBytes(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder).catch(() => ({ bavail: 0, bsize: 0 }));
  return bavail * bsize;
}
