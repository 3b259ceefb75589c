import { systemClock } from "../../src/cli/clock.ts";
import type { Context } from "../../src/cli/context.ts";
import { createProgram } from "../../src/cli/program.ts";
import { AbtieError, EXIT } from "../../src/errors.ts";

/** What a command line said and how it ended. */
export interface Said {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command line in this process: a hundred times cheaper than a real one, for what ends before any server is asked. */
export async function inProcess(
  args: readonly string[],
  cwd: string,
  env: Readonly<Record<string, string>> = {},
): Promise<Said> {
  let stdout = "";
  let stderr = "";
  const say = (text: string): void => {
    stderr += `${text}\n`;
  };
  const context: Context = {
    startedAt: systemClock.now(),
    cwd,
    env: { HOME: cwd, ...env },
    pid: process.pid,
    nodeVersion: process.version,
    clock: systemClock,
    random: Math.random,
    signal: new AbortController().signal,
    log: (_level, text) => say(text),
    progress: () => {},
    guard: () => {},
    print: (text) => {
      stdout += text;
    },
    say,
  };
  const status = await createProgram(context)
    .run(args)
    .catch((error: unknown) => {
      if (!(error instanceof AbtieError)) throw error;
      say([error.message, ...error.details].join("\n"));
      return EXIT[error.code];
    });
  return { status, stdout, stderr };
}
