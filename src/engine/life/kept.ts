import { readdir, stat } from "node:fs/promises";
import { isAbsolute, join } from "node:path";
import { allEnded } from "../../all-ended.ts";
import { AbtieError, messageOf } from "../../errors.ts";
import { sha256 } from "../../files/hash.ts";
import { askKept, borrow, type ServerLease } from "../../process/borrow.ts";
import { Secret } from "../../secrets/secret.ts";
import type { Clock } from "../../types.ts";
import { createClient } from "../client/client.ts";
import { RequestError } from "../client/request-error.ts";
import type { Engine } from "../engine.ts";
import { type EngineOptions, openEngine } from "./open-engine.ts";
import { waitUntilReady } from "./readiness.ts";
import type { SpawnSpec } from "./server-arguments.ts";
import { serverEnded } from "./server-ended.ts";
import { openServerLog } from "./server-log.ts";

/** How servers are kept after their run. */
export interface KeepOptions {
  /** Time (ms) for which a server is kept while nobody uses it. */
  readonly ms: number;
  /** Folder of the sockets, which only the user can enter. */
  readonly folder: string;
}

/** Longest path of a socket (bytes) that all systems take. */
const LONGEST_PATH = 100;

/**
 * Names the socket of a kept server: by everything that decides how its server is started, so that only a run that would start the same
 * server finds it. Null where the path is too long for a socket.
 */
export async function keptSocket(
  { folder }: KeepOptions,
  spec: SpawnSpec,
  env: EngineOptions["env"],
): Promise<string | null> {
  const plain = (value: string | Secret): string => (value instanceof Secret ? value.reveal() : value);
  const own = Object.entries(spec.env).map(([name, value]) => [name, plain(value)]);
  const inherited = Object.entries(env).filter(([name]) => ABOUT_SERVERS.test(name));
  const { command, model, port } = spec;
  const key = [command, spec.args.map(plain), own.sort(), inherited.sort(), model, port, await stampOf(model)];
  const path = join(folder, `${sha256(JSON.stringify(key)).slice(0, 16)}.sock`);
  return Buffer.byteLength(path) > LONGEST_PATH ? null : path;
}

/** The inherited variables that change how a server computes. */
const ABOUT_SERVERS = /^(?:VLLM|CUDA|NVIDIA|NCCL|HF|TORCH|PYTORCH|PYTHON|OMP|MKL|LD|TRITON)_|^(?:PATH|PYTHONPATH)$/;

/** Describes the files of a model's folder by name, size and time of change; null for a model that is no folder. */
async function stampOf(model: string): Promise<unknown> {
  if (!isAbsolute(model)) return null;
  const names = await readdir(model).catch(() => []);
  const files = await allEnded(names.sort().map(async (name) => ({ name, info: await stat(join(model, name)) })));
  return files.map(({ name, info }) => [name, info.size, info.mtimeMs]);
}

/** Time limit (ms) of a kept server's first answer: it is ready, but its machine may be busy. */
const ANSWER_MS = 10_000;

/**
 * Opens a server that an earlier run left, if one is free; null when there is none. A server that does not answer is stopped, and gives
 * null. Disposing the engine gives the server back. Throws AbtieError("config") like openEngine, and the signal's reason.
 */
export async function openKept(
  { socket, ms }: { readonly socket: string; readonly ms: number },
  options: EngineOptions,
): Promise<Engine | null> {
  const lease = await borrowSoon(socket, ms, options);
  if (lease === null) return null;
  const { clock, apiKey, redact, env, timeoutMs, log } = options;
  const { baseUrl, logFile } = lease.server;
  const client = createClient({ baseUrl, apiKey, access: null, redact, env, clock, timeoutMs });
  const close = async (): Promise<void> => {
    lease.giveBack();
    await client[Symbol.asyncDispose]();
  };
  try {
    options.onProgress?.("using the server that an earlier run left");
    const model = await listed(client, lease, options);
    const opened = await openEngine({ client, baseUrl, model }, options);
    const died = new AbortController();
    let closing = false;
    const serverLog = await openServerLog(logFile);
    void lease.ended.then(async () => {
      if (!closing) died.abort(await serverEnded(1, serverLog, "while it was in use"));
    });
    log("info", `using the server at ${baseUrl} that an earlier run left`);
    return {
      ...opened,
      died: died.signal,
      logFile,
      [Symbol.asyncDispose]: () => {
        closing = true;
        return close();
      },
    };
  } catch (error) {
    const isOurs = options.signal.aborted || (error instanceof AbtieError && error.code === "config");
    if (!isOurs) await lease.stop();
    await close();
    if (isOurs) throw error;
    log("warn", `the server that an earlier run left does not answer, and was stopped: ${messageOf(error)}`);
    return null;
  }
}

/** Waits until a server can be borrowed at a socket, so that the next run finds it; no longer than a second. */
export async function untilLent(socket: string, clock: Clock): Promise<void> {
  const end = clock.monotonic() + SOON_MS;
  while ((await askKept(socket, { ask: "state" })) === null && clock.monotonic() < end) await clock.sleep(PAUSE_MS);
}

/** Longest wait (ms) for a server that is in use, because the supervisor may not have seen the end of the run before. */
const SOON_MS = 1_000;
const PAUSE_MS = 100;

async function borrowSoon(socket: string, ms: number, { clock, signal }: EngineOptions): Promise<ServerLease | null> {
  for (const end = clock.monotonic() + SOON_MS; ; ) {
    const lease = await borrow(socket, ms);
    if (typeof lease !== "string") return lease;
    if (lease === "none" || clock.monotonic() >= end) return null;
    await clock.sleep(PAUSE_MS, signal);
  }
}

async function listed(
  client: ReturnType<typeof createClient>,
  { server: { name, baseUrl } }: ServerLease,
  { clock, signal }: EngineOptions,
) {
  const remedy = "It was left by an earlier run.";
  const models = await waitUntilReady({ client, clock, baseUrl, limitMs: ANSWER_MS, remedy, model: null, signal });
  const own = models.find(({ id }) => id === name);
  if (own === undefined) throw new RequestError("wrong-model", `${baseUrl} does not list ${name}.`);
  return own;
}
