import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import type { Clock } from "../types.ts";
import { findAlive, MARK, signalAll } from "./find-alive.ts";

/** A server's processes under the care of a keeper. */
export interface Supervised {
  readonly pid: number | undefined;
  /** Resolves with the server's exit status when nothing of it is alive any more, however it ended. Never rejects. */
  readonly ended: Promise<number>;
  /** Stops everything, and returns when nothing is alive. */
  readonly stop: () => Promise<void>;
}

export interface SuperviseOptions {
  readonly command: string;
  readonly args: readonly string[];
  /** The whole environment of the server. */
  readonly env: Readonly<Record<string, string>>;
  /** Names this server among all of this machine; unique to this start of it. */
  readonly mark: string;
  readonly graceMs: number;
  /** Where output of the server is appended. */
  readonly logFile: string;
  readonly clock: Clock;
}

/** What the keeper may need beyond the grace: its own limit for SIGKILL, and time to start and end. */
const KEEPER_MARGIN_MS = 12_000;

/**
 * Starts a server through the keeper: a small process in a session of its own, which stops the server with everything that
 * came of it when this process ends, be it by `kill -9`. The server writes straight into the log, not through this process.
 */
export function supervise(options: SuperviseOptions): Supervised {
  const { command, args, graceMs, mark, logFile, clock } = options;
  const keeper = execa(process.execPath, [keeperPath(), JSON.stringify({ command, args, graceMs, logFile })], {
    // A new session: Ctrl-C in the terminal reaches abtie alone, which then stops the server in good order.
    detached: true,
    cleanup: false,
    reject: false,
    buffer: false,
    stdin: "pipe",
    stdout: "ignore",
    stderr: "ignore",
    extendEnv: false,
    // vLLM's processes rename themselves, which overwrites the environment that /proc shows unless SPT_NOENV is set.
    env: { SPT_NOENV: "1", ...options.env, [MARK]: mark },
  });
  // Closing a pipe whose reader has ended is no failure.
  keeper.stdin.on("error", () => {});
  const ended = keeper.then(async (result) => {
    await killMarked(mark, clock);
    return result.exitCode ?? 1;
  });

  return {
    pid: keeper.pid,
    ended,
    stop: async () => {
      keeper.stdin.end();
      const settled = new AbortController();
      const late = clock.sleep(graceMs + KEEPER_MARGIN_MS, settled.signal).then(
        () => keeper.kill("SIGKILL"),
        () => false,
      );
      await ended;
      settled.abort();
      await late;
    },
  };
}

/** The keeper leaves nothing behind, unless it was killed itself: then this does its work. */
async function killMarked(mark: string, clock: Clock): Promise<void> {
  const end = clock.monotonic() + KEEPER_MARGIN_MS;
  for (let alive = findAlive({ mark }); alive.length > 0 && clock.monotonic() < end; alive = findAlive({ mark })) {
    signalAll(alive, "SIGKILL");
    await clock.sleep(50);
  }
}

function keeperPath(): string {
  // From the sources (tests) the compiled keeper is used: Node does not run TypeScript.
  const here = import.meta.url;
  const path = fileURLToPath(new URL(here.endsWith(".ts") ? "../../dist/process/supervisor.js" : "./keeper.js", here));
  if (!existsSync(path)) throw new Error(`${path} is missing: run \`npm run build\``);
  return path;
}
