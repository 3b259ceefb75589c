import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { isFindable } from "../secrets/pattern.ts";
import type { Secret } from "../secrets/secret.ts";
import type { Clock } from "../types.ts";
import { findAlive, MARK, signalAll } from "./find-alive.ts";
import type { KeepTask } from "./keeper.ts";
import { KEEP, type SupervisorTask, TASK } from "./supervisor-task.ts";

/** A server, with every process that it started, watched by a supervisor. */
export interface Supervised {
  readonly pid: number | undefined;
  /**
   * Resolves with the server's exit status after its last process has ended, whatever the reason of the end. Never
   * rejects.
   */
  readonly ended: Promise<number>;
  /** Stops the server. Resolves after its last process has ended. */
  readonly stop: () => Promise<void>;
  /** From now on the server is kept when this process ends. Only for a server with `keep`. */
  readonly keep: () => void;
  /** Leaves a server that is kept to its supervisor. */
  readonly letGo: () => void;
}

export interface SuperviseOptions {
  readonly command: string;
  readonly args: readonly string[];
  /** The complete environment of the server; abtie adds only the mark and SPT_NOENV. */
  readonly env: Readonly<Record<string, string>>;
  /** Marks the processes of this server; each start has another mark. */
  readonly mark: string;
  /** Time (ms) between SIGTERM and SIGKILL when the server is stopped. */
  readonly graceMs: number;
  /** The output of the server is appended to this file. */
  readonly logFile: string;
  /** The output is searched for these secrets, and "[secret]" replaces them. */
  readonly secrets: readonly Secret[];
  /** How the server is kept after `keep` was called; null: it is not. */
  readonly keep: KeepTask | null;
  readonly clock: Clock;
}

/** Time (ms) that the supervisor may need in addition to the grace: to wait after SIGKILL, to start and to end. */
const MARGIN_MS = 12_000;

/**
 * Starts a server through the supervisor: a small process in its own session, which stops the server and every process
 * that the server started when this process ends, even by `kill -9`. The server's output goes into the log, not
 * through this process.
 */
export function supervise(options: SuperviseOptions): Supervised {
  const { command, args, graceMs, mark, logFile, keep, clock } = options;
  const secrets = options.secrets.map((secret) => secret.reveal()).filter(isFindable);
  const task: SupervisorTask = { command, args, graceMs, logFile, secrets, keep };
  const supervisor = execa(process.execPath, [supervisorPath()], {
    // The supervisor gets its own session, so that Ctrl-C in the terminal reaches only abtie, which then stops the
    // server in order.
    detached: true,
    cleanup: false,
    reject: false,
    buffer: false,
    stdin: "pipe",
    stdout: "ignore",
    stderr: "ignore",
    extendEnv: false,
    // vLLM's processes rename themselves. Unless SPT_NOENV is set, renaming overwrites the environment that /proc
    // shows.
    env: { SPT_NOENV: "1", ...options.env, [MARK]: mark, [TASK]: JSON.stringify(task) },
  });
  // The supervisor may end before its stdin is closed; that is not a failure.
  supervisor.stdin.on("error", () => {});
  const ended = supervisor.then(async (result) => {
    await killMarked(mark, clock);
    return result.exitCode ?? 1;
  });

  return {
    pid: supervisor.pid,
    ended,
    stop: async () => {
      supervisor.stdin.end();
      const settled = new AbortController();
      const late = clock.sleep(graceMs + MARGIN_MS, settled.signal).then(
        () => supervisor.kill("SIGKILL"),
        () => false,
      );
      await ended;
      settled.abort();
      await late;
    },
    keep: () => void supervisor.stdin.write(KEEP),
    letGo: () => {
      supervisor.stdin.end();
      supervisor.unref();
    },
  };
}

/**
 * Kills the processes that are left of a server if its supervisor was killed. A supervisor that ended by itself leaves
 * no process.
 */
async function killMarked(mark: string, clock: Clock): Promise<void> {
  const end = clock.monotonic() + MARGIN_MS;
  for (let alive = findAlive({ mark }); alive.length > 0 && clock.monotonic() < end; alive = findAlive({ mark })) {
    signalAll(alive, "SIGKILL");
    await clock.sleep(50);
  }
}

function supervisorPath(): string {
  // Tests run from the TypeScript sources, which Node cannot run, so they use the compiled supervisor.
  const here = import.meta.url;
  const relative = here.endsWith(".ts") ? "../../dist/process/supervisor.js" : "./supervisor.js";
  const path = fileURLToPath(new URL(relative, here));
  if (!existsSync(path)) throw new Error(`${path} is missing: run \`npm run build\``);
  return path;
}
