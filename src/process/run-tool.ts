import { appendFile, mkdir, statfs } from "node:fs/promises";
import { dirname } from "node:path";
import { execa } from "execa";
import type { Clock } from "../types.ts";
import { createOutputReader, type OutputReader } from "./tool-output.ts";

/** A program that is run to its end. */
export interface Tool {
  /** The purpose of the run, as it reads after "cannot": "install vLLM". */
  readonly title: string;
  readonly command: string;
  readonly args: readonly string[];
  /** Variables that are added to the environment of the surroundings. */
  readonly env?: Readonly<Record<string, string>>;
  /** The program is killed after this many ms. */
  readonly limitMs: number;
}

/** The surroundings that the tools of one piece of work share. */
export interface ToolSurroundings {
  /** Working directory; the space that its disk loses meanwhile is shown as progress. */
  readonly folder: string;
  /** The whole environment of the tools. */
  readonly env: Readonly<Record<string, string>>;
  /** The command line and the full output of every tool are appended to this file. */
  readonly logFile: string;
  readonly clock: Clock;
  /** Kills the tool when it aborts. */
  readonly signal: AbortSignal;
  /** Called once a second with the last line of the output, the disk space used and the time. */
  readonly onProgress: (text: string) => void;
  /** Shortens a line of the output for the progress; null skips the line. Default: every line is shown as it is. */
  readonly summarizeLine?: (line: string) => string | null;
}

/** How the run of a tool ended. */
export interface ToolResult {
  readonly ok: boolean;
  /** Exit status; 128 + n for signal n, 127 when the program cannot be started. */
  readonly status: number;
  readonly timedOut: boolean;
  /** The last 200 lines of stdout and stderr together, the oldest first. */
  readonly tail: readonly string[];
}

/**
 * Runs a program to its end, in a process group of its own. The whole group is killed when the signal aborts, when the limit passes, and
 * when this process ends, also when it ends by `kill -9`. Throws only the signal's reason; a failure is a result, see explainFailure.
 */
export async function runTool(tool: Tool, surroundings: ToolSurroundings): Promise<ToolResult> {
  const { folder, env, logFile, clock, signal, summarizeLine } = surroundings;
  signal.throwIfAborted();
  await mkdir(dirname(logFile), { recursive: true });
  await appendFile(logFile, `\n$ ${[tool.command, ...tool.args].join(" ")}\n`);
  const child = execa("/bin/sh", ["-c", KILLED_WITH_PARENT, "sh", tool.command, ...tool.args], {
    cwd: folder,
    env: { ...env, ...tool.env },
    extendEnv: false,
    detached: true,
    cleanup: false,
    reject: false,
    buffer: false,
    all: true,
    stdin: "pipe",
  });
  const output = createOutputReader(summarizeLine);
  const logging = copyOutput(child.all, output, logFile);
  const ended = new AbortController();
  const limit = new AbortController();
  const showing = showProgress(tool, surroundings, output, ended.signal);
  const limiting = clock.sleep(tool.limitMs, ended.signal).then(
    () => limit.abort(),
    () => {},
  );
  const end = AbortSignal.any([signal, limit.signal]);
  const kill = (): void => killGroup(child.pid);
  end.addEventListener("abort", kill, { once: true });
  if (end.aborted) kill();
  const { exitCode } = await child;
  end.removeEventListener("abort", kill);
  ended.abort();
  await Promise.all([logging, showing, limiting]);
  signal.throwIfAborted();
  const status = exitCode ?? 137;
  return { ok: status === 0, status, timedOut: limit.signal.aborted, tail: output.tail() };
}

/**
 * Shell script that runs "$@" and exits with its status. This process holds the other end of the script's stdin; when this process ends,
 * `read` returns and the script kills the whole group.
 */
const KILLED_WITH_PARENT = `exec 3<&0
"$@" </dev/null 3<&- & child=$!
{ read -r _ <&3; kill -KILL 0; } >/dev/null 2>&1 & watcher=$!
wait $child; status=$?
kill $watcher 2>/dev/null
exit $status`;

function killGroup(pid: number | undefined): void {
  try {
    if (pid !== undefined) process.kill(-pid, "SIGKILL");
  } catch {
    // The group has already ended.
  }
}

async function copyOutput(stream: NodeJS.ReadableStream, output: OutputReader, logFile: string): Promise<void> {
  stream.setEncoding("utf8");
  for await (const chunk of stream) {
    output.add(String(chunk));
    // On a full disk the tool's own message, which is in the tail, explains the failure; a failed log must not replace it.
    await appendFile(logFile, chunk).catch(() => {});
  }
}

const PROGRESS_MS = 1_000;
/** Less space (bytes) than this is not shown: other programs change the disk too. */
const LEAST_SHOWN_BYTES = 20e6;

async function showProgress(
  { title }: Tool,
  { folder, clock, onProgress }: ToolSurroundings,
  output: OutputReader,
  ended: AbortSignal,
): Promise<void> {
  const start = clock.monotonic();
  const freeAtStart = await freeBytes(folder);
  while (!ended.aborted) {
    const used = freeAtStart - (await freeBytes(folder));
    const seconds = `${Math.round((clock.monotonic() - start) / 1000)} s`;
    const cost = used > LEAST_SHOWN_BYTES ? `${(used / 1e9).toFixed(1)} GB on disk, ${seconds}` : seconds;
    onProgress(`${output.current() || title} (${cost})`);
    await clock.sleep(PROGRESS_MS, ended).catch(() => {});
  }
}

async function freeBytes(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder).catch(() => ({ bavail: 0, bsize: 0 }));
  return bavail * bsize;
}
