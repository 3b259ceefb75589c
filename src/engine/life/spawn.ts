import { join } from "node:path";
import { AbtieError } from "../../errors.ts";
import { nodeDisk } from "../../files/disk.ts";
import { createFolder } from "../../files/folder.ts";
import { choosePort } from "../../process/port.ts";
import { type Supervised, supervise } from "../../process/supervise.ts";
import { secretsOfEnvironment } from "../../secrets/environment.ts";
import { Secret } from "../../secrets/secret.ts";
import { type Client, createClient } from "../client/client.ts";
import { RequestError } from "../client/request-error.ts";
import type { ServedModel } from "../client/served-models.ts";
import type { Engine } from "../engine.ts";
import { type KeepOptions, keptSocket, openKept, untilLent } from "./kept.ts";
import { type ConnectedEngine, type EngineOptions, openEngine } from "./open-engine.ts";
import { waitUntilReady } from "./readiness.ts";
import { type SpawnSpec, serverArguments } from "./server-arguments.ts";
import { serverEnded, serverFailed } from "./server-ended.ts";
import { openServerLog, type ServerLog } from "./server-log.ts";
import { stageOf } from "./start-stages.ts";

export interface SpawnOptions extends EngineOptions {
  readonly spec: SpawnSpec;
  /** Folder of the run. The server's output is appended to a file in this folder. */
  readonly runDir: string;
  /** Name of the log file. Each server of a run needs its own. Default: server.log. */
  readonly logName?: string;
  /** Keeps the server after this run, and uses one that an earlier run left; null or omitted: it is started and stopped. */
  readonly keep?: KeepOptions | null;
  /** Returns a random number in [0, 1). The name under which the server must list its model is made from it. */
  readonly random: () => number;
}

/**
 * Time to wait, after a failed request, for the end of the server's process, because the failure may be the first sign
 * of that end.
 */
const END_WAIT_MS = 2_000;

/**
 * Starts a server and waits until it has answered a first request. Disposing the engine stops the server and every
 * process that the server started; the end of this process does the same, even by SIGKILL. Every call starts another
 * server, but for `keep`. Throws AbtieError("engine") with the cause, a remedy and the end of the log, or the signal's reason when it
 * aborts.
 */
export async function spawnEngine(options: SpawnOptions): Promise<Engine> {
  const { spec, clock, signal, apiKey, redact, timeoutMs } = options;
  signal.throwIfAborted();
  const socket = await socketOf(options);
  const kept = socket === null ? null : await openKept(socket, options);
  if (kept !== null) return kept;
  const port = await choosePort(spec.host, spec.port);
  const name = `abtie-${Math.floor(options.random() * 2 ** 32)
    .toString(16)
    .padStart(8, "0")}`;
  const baseUrl = `http://${spec.host}:${port}`;
  const log = await openServerLog(join(options.runDir, options.logName ?? "server.log"));
  const client = createClient({ baseUrl, apiKey, access: null, redact, env: options.env, clock, timeoutMs });
  const supervised = supervise({
    command: spec.command,
    args: serverArguments(spec, port, name),
    env: environment(options),
    // Runs with the same seed have servers with the same name, so the mark also contains the pid and the time: stopping
    // this server must never stop the server of another run.
    mark: `${name}-${process.pid}-${clock.now()}`,
    graceMs: spec.stopGraceMs,
    logFile: log.path,
    secrets: secretsIn(options),
    keep:
      socket === null
        ? null
        : { ...socket, server: { name, baseUrl, model: spec.model, logFile: log.path, startedAt: clock.now() } },
    clock,
  });
  const end = new AbortController();
  let status: number | null = null;
  void supervised.ended.then((exit) => {
    status = exit;
    end.abort();
  });

  const close = async (): Promise<void> => {
    await supervised.stop();
    await client[Symbol.asyncDispose]();
  };
  let opened: ConnectedEngine;
  try {
    const starting = { ...options, signal: AbortSignal.any([signal, end.signal]) };
    const model = await waitForName({ client, baseUrl, log, name }, starting);
    opened = await openEngine({ client, baseUrl, model }, starting);
  } catch (error) {
    const failure = await explain(error, { supervised, log, options, status: () => status });
    await close();
    throw failure;
  }

  if (socket !== null) supervised.keep();
  const died = new AbortController();
  let closing = false;
  void supervised.ended.then(async (exit) => {
    if (!closing) died.abort(await serverEnded(exit, log, "while it was in use"));
  });
  return {
    ...opened,
    died: died.signal,
    logFile: log.path,
    [Symbol.asyncDispose]: async () => {
      closing = true;
      if (socket === null) return close();
      await untilLent(socket.socket, clock);
      supervised.letGo();
      return client[Symbol.asyncDispose]();
    },
  };
}

/** Gives the socket at which the server is kept, and its folder; null when it is not kept. */
async function socketOf({ keep = null, spec, env, log }: SpawnOptions): Promise<{ socket: string; ms: number } | null> {
  if (keep === null) return null;
  const socket = await keptSocket(keep, spec, env);
  if (socket === null) {
    log(
      "warn",
      `the server is not kept: the path of a socket in ${keep.folder} is too long; set ABTIE_HOME to a shorter folder`,
    );
    return null;
  }
  await createFolder(keep.folder, nodeDisk, "owner");
  return { socket, ms: keep.ms };
}

async function waitForName(
  server: { readonly client: Client; readonly baseUrl: string; readonly log: ServerLog; readonly name: string },
  { spec, clock, signal, onProgress }: SpawnOptions,
): Promise<ServedModel> {
  const { client, baseUrl, log, name } = server;
  let shown = "starting the server";
  onProgress?.(shown);
  const onTry = async (): Promise<void> => {
    for (const line of await log.newLines()) {
      const stage = stageOf(line);
      if (stage === null || stage === shown) continue;
      shown = stage;
      onProgress?.(shown);
    }
  };
  const models = await waitUntilReady({
    client,
    clock,
    baseUrl,
    limitMs: spec.readyMs,
    remedy: TOO_SLOW,
    model: null,
    signal,
    onTry,
  });
  const own = models.find(({ id }) => id === name);
  if (own !== undefined) return own;
  const listed = models.map(({ id }) => id).join(", ") || "nothing";
  throw new AbtieError(
    "engine",
    `Another server answers at ${baseUrl}: it lists ${listed}, where ${name} was expected. End that server, or set another port in the engine profile.`,
  );
}

const TOO_SLOW = "Read the end of its log, or give it more time (engine.ready_limit).";

/** A server that abtie started and that may have ended since. */
interface StartedServer {
  readonly supervised: Supervised;
  readonly log: ServerLog;
  readonly options: SpawnOptions;
  /** Returns the exit status; null while the server runs. */
  readonly status: () => number | null;
}

/**
 * Chooses the error to throw: the reason of the caller's abort, else the end of the server with its cause from the log,
 * else the error itself.
 */
async function explain(error: unknown, { supervised, log, options, status }: StartedServer): Promise<unknown> {
  if (options.signal.aborted) return options.signal.reason;
  if (error instanceof RequestError) {
    const settled = new AbortController();
    await Promise.race([supervised.ended, options.clock.sleep(END_WAIT_MS, settled.signal).catch(() => undefined)]);
    settled.abort();
  }
  const exit = status();
  if (exit !== null) return serverEnded(exit, log, "before it was ready");
  if (error instanceof RequestError)
    return serverFailed(`The server does not answer its first requests: ${error.message}`, log, error);
  return error instanceof AbtieError && error.code === "engine" && error.details.length === 0
    ? serverFailed(error.message, log, error)
    : error;
}

/** Lists what the log of the server must not contain. */
function secretsIn({ spec, env, apiKey }: SpawnOptions): readonly Secret[] {
  const args = spec.args.filter((arg) => arg instanceof Secret);
  return [apiKey, ...args, ...Object.values(spec.env), ...secretsOfEnvironment(env)];
}

function environment({ env, spec }: SpawnOptions): Readonly<Record<string, string>> {
  const inherited = Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined);
  const own = Object.entries(spec.env).map(([name, value]) => [name, value.reveal()] as const);
  return { ...Object.fromEntries(inherited), ...Object.fromEntries(own) };
}
