import { appendFile, statfs } from "node:fs/promises";
import { dirname } from "node:path";
import { execa } from "execa";
import { createFolder } from "../files/folder.ts";
import { secretsOfEnvironment } from "../secrets/environment.ts";
import { createRedactor, type Redact } from "../secrets/redactor.ts";
import type { Clock } from "../types.ts";
import { createOutputReader, type OutputReader } from "./tool-output.ts";

/** A program that abtie runs until it ends. */
export interface Tool {
  /** The purpose of the run, as a text that follows "cannot": "install vLLM". */
  readonly title: string;
  readonly command: string;
  readonly args: readonly string[];
  /** Variables that are added to the environment in `ToolSurroundings`. */
  readonly env?: Readonly<Record<string, string>>;
  /** The program is killed after this many ms. */
  readonly limitMs: number;
  /** When the signal aborts, the program gets SIGTERM and this many ms to end before it is killed; default 0: it is killed at once. */
  readonly graceMs?: number;
}

/** The folder, environment, log file and callbacks with which one command runs several tools. */
export interface ToolSurroundings {
  /** Working directory. The progress shows how much space its disk has lost since the tool started. */
  readonly folder: string;
  /** The complete environment of the tools: they inherit no other variables. */
  readonly env: Readonly<Record<string, string>>;
  /** The command line and the full output of every tool are appended to this file, without the secrets in its environment. */
  readonly logFile: string;
  readonly clock: Clock;
  /** When this signal aborts, the tool is killed. */
  readonly signal: AbortSignal;
  /** Called once a second with one text: the last line of the output, the disk space used, and the time. */
  readonly onProgress: (text: string) => void;
  /**
   * Shortens a line of the output for the progress; null leaves the line out. Default: every line is shown unchanged.
   */
  readonly summarizeLine?: (line: string) => string | null;
  /**
   * With true, an abort is no error: the result is that of the program, which ended in its own order or was killed. Default false.
   */
  readonly returnsAborted?: boolean;
}

/** The result of a tool: its exit status and the end of its output. */
export interface ToolResult {
  readonly ok: boolean;
  /** Exit status; 128 + n for signal n, 127 when the program cannot be started. */
  readonly status: number;
  readonly timedOut: boolean;
  /** The last 200 lines of stdout and stderr together, the oldest first. */
  readonly tail: readonly string[];
}

/**
 * Runs a program until it ends, in its own process group. The whole group is killed when the signal aborts, when the
 * time limit passes, and when this process ends, even by `kill -9`. A tool with `graceMs` is first asked to end when the signal
 * aborts. A failure of the program does not throw: it is a result, see explainFailure. Throws only the signal's reason.
 */
export async function runTool(tool: Tool, surroundings: ToolSurroundings): Promise<ToolResult> {
  const { folder, env, logFile, clock, signal, summarizeLine } = surroundings;
  signal.throwIfAborted();
  const { redact } = createRedactor(secretsOfEnvironment({ ...env, ...tool.env }));
  await createFolder(dirname(logFile));
  await appendFile(logFile, redact(`\n$ ${[tool.command, ...tool.args].join(" ")}\n`));
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
  const logging = copyOutput(child.all, output, { logFile, redact });
  const ended = new AbortController();
  const limit = new AbortController();
  const showing = showProgress(tool, surroundings, output, ended.signal);
  const limiting = clock.sleep(tool.limitMs, ended.signal).then(
    () => limit.abort(),
    () => {},
  );
  const grace = tool.graceMs ?? 0;
  const kill = (): void => killGroup(child.pid);
  const askToEnd = (): void => {
    if (grace === 0) kill();
    else {
      child.kill("SIGTERM");
      clock.sleep(grace, ended.signal).then(kill, () => {});
    }
  };
  const over = new AbortController();
  const listen = { once: true, signal: over.signal };
  signal.addEventListener("abort", askToEnd, listen);
  limit.signal.addEventListener("abort", kill, listen);
  if (signal.aborted) askToEnd();
  const { exitCode } = await child;
  over.abort();
  ended.abort();
  await Promise.all([logging, showing, limiting]);
  if (surroundings.returnsAborted !== true) signal.throwIfAborted();
  const status = exitCode ?? 137;
  return { ok: status === 0, status, timedOut: limit.signal.aborted, tail: output.tail() };
}

/**
 * Shell script that runs "$@" and exits with its status. This process holds the other end of the script's stdin; when this process ends,
 * `read` returns and the script kills the whole group. It passes SIGTERM on to the program, and waits on.
 */
const KILLED_WITH_PARENT = `exec 3<&0
"$@" </dev/null 3<&- & child=$!
{ read -r _ <&3; kill -KILL 0; } >/dev/null 2>&1 & watcher=$!
trap 'kill -TERM $child 2>/dev/null' TERM
wait $child; status=$?
while kill -0 $child 2>/dev/null; do wait $child; status=$?; done
kill $watcher 2>/dev/null
exit $status`;

function killGroup(pid: number | undefined): void {
  try {
    if (pid !== undefined) process.kill(-pid, "SIGKILL");
  } catch {
    // The group has already ended.
  }
}

async function copyOutput(
  stream: NodeJS.ReadableStream,
  output: OutputReader,
  { logFile, redact }: { readonly logFile: string; readonly redact: Redact },
): Promise<void> {
  stream.setEncoding("utf8");
  const write = async (text: string): Promise<void> => {
    const shown = redact(text);
    output.add(shown);
    // When the disk is full, the tool's own message (in the tail) explains the failure, so an error of the log file
    // must not replace it.
    await appendFile(logFile, shown).catch(() => {});
  };
  // A chunk may end within a secret: only whole lines are looked through, and a line without end in large pieces.
  let unfinished = "";
  for await (const chunk of stream) {
    unfinished += String(chunk);
    const end = Math.max(unfinished.lastIndexOf("\n"), unfinished.lastIndexOf("\r")) + 1;
    const whole = end === 0 && unfinished.length > LONGEST_PIECE ? unfinished.length : end;
    if (whole > 0) await write(unfinished.slice(0, whole));
    unfinished = unfinished.slice(whole);
  }
  if (unfinished !== "") await write(unfinished);
}

/** Characters of a line after which it is written without its end. */
const LONGEST_PIECE = 1 << 20;

const PROGRESS_MS = 1_000;
/** A smaller loss of space (bytes) is not shown, because other programs change the free space too. */
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
