import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { atEnd } from "./at-end.ts";
import { killAll, TAG } from "./processes.ts";

/** The compiled command; `npm test` builds it. */
export const MAIN: string = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));

/** How a process ended and what it said. */
export interface Ended {
  /** Exit status; null when a signal ended it. */
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly ms: number;
}

/** A command that runs. */
export interface Running {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  /** What it has said on stderr so far. */
  readonly said: () => string;
}

export interface StartOptions {
  /** Working directory; its path also tags every process that comes of the command. */
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
  /** File to run; default the compiled command. */
  readonly file?: string;
  /** A command that runs it, such as ["unshare", "--pid"]; default none. */
  readonly under?: readonly string[];
}

/** Starts the command line in a real process, with an environment of its own. What a failed test leaves is killed at the end. */
export function startAbtie(args: readonly string[], options: StartOptions): Running {
  const { cwd, env = {}, file = MAIN, under = [] } = options;
  if (!existsSync(file)) throw new Error(`${file} is missing: run \`npm run build\``);
  atEnd(() => killAll(cwd));
  const started = performance.now();
  const [command, ...words] = [...under, process.execPath, file, ...args];
  const child = spawn(command ?? "", words, {
    cwd,
    env: { PATH: process.env["PATH"], HOME: cwd, [TAG]: cwd, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const parts = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const) {
    child[name].setEncoding("utf8").on("data", (text: string) => {
      parts[name] += text;
    });
  }
  const ended = new Promise<Ended>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (status, signal) => resolve({ status, signal, ...parts, ms: performance.now() - started }));
  });
  return { child, ended, said: () => parts.stderr };
}

/** Runs the command line to its end. */
export function abtie(args: readonly string[], options: StartOptions): Promise<Ended> {
  return startAbtie(args, options).ended;
}
