import { join } from "node:path";
import { AbtieError } from "../errors.ts";
import { choosePort } from "../process/port.ts";
import { type Supervised, supervise } from "../process/supervise.ts";
import { type Client, createClient, type ServedModel } from "./client.ts";
import { openHttp } from "./http.ts";
import { apiKeyOf, type EngineOptions, type OpenedEngine, openEngine } from "./open-engine.ts";
import { waitUntilReady } from "./readiness.ts";
import { RequestError } from "./request-error.ts";
import { type SpawnSpec, serverArguments } from "./server-arguments.ts";
import { serverEnded, serverFailed } from "./server-ended.ts";
import { openServerLog, type ServerLog } from "./server-log.ts";
import { stageOf } from "./stages.ts";
import type { Engine } from "./types.ts";

export interface SpawnOptions extends EngineOptions {
  readonly spec: SpawnSpec;
  /** Folder of the run, in which the server's output is appended to a file. */
  readonly runDir: string;
  /** Name of that file; several servers of one run need one each. Default: server.log. */
  readonly logName?: string;
  /** Numbers in [0, 1), for the name under which the server must list its model. */
  readonly random: () => number;
}

/** A connection that fails may be the first sign of a server's end, which is known a little later. */
const END_WAIT_MS = 2_000;

/**
 * Starts a server and waits until it has answered a first request. Disposing the engine stops it with every process that it
 * started; so does the end of this process, whatever ends it. Can be called again to start it anew.
 * Throws AbtieError("engine") with the cause, a remedy and the end of the log; the signal's reason when it aborts.
 */
export async function spawnEngine(options: SpawnOptions): Promise<Engine> {
  const { spec, clock, signal } = options;
  signal.throwIfAborted();
  const port = await choosePort(spec.host, spec.port);
  const name = `abtie-${Math.floor(options.random() * 2 ** 32)
    .toString(16)
    .padStart(8, "0")}`;
  const baseUrl = `http://${spec.host}:${port}`;
  const log = await openServerLog(join(options.runDir, options.logName ?? "server.log"));
  const http = openHttp();
  const client = createClient({ http, baseUrl, apiKey: apiKeyOf(options.env), clock, timeoutMs: options.timeoutMs });
  const kept = supervise({
    command: spec.command,
    args: serverArguments(spec, port, name),
    env: environment(options),
    // The name alone is not enough: it repeats where the seed does, and a stop must never reach another run's server.
    mark: `${name}-${process.pid}-${clock.now()}`,
    graceMs: spec.stopGraceMs,
    logFile: log.path,
    clock,
  });
  const end = new AbortController();
  let status: number | null = null;
  void kept.ended.then((exit) => {
    status = exit;
    end.abort();
  });

  const close = async (): Promise<void> => {
    await kept.stop();
    await http[Symbol.asyncDispose]();
  };
  let opened: OpenedEngine;
  try {
    const starting = { ...options, signal: AbortSignal.any([signal, end.signal]) };
    const model = await waitForName({ client, baseUrl, log, name }, starting);
    opened = await openEngine({ client, baseUrl, model }, starting);
  } catch (error) {
    const failure = await explain(error, { kept, log, options, status: () => status });
    await close();
    throw failure;
  }

  const died = new AbortController();
  let closing = false;
  void kept.ended.then(async (exit) => {
    if (!closing) died.abort(await serverEnded(exit, log, "while it was in use"));
  });
  return {
    ...opened,
    died: died.signal,
    logFile: log.path,
    [Symbol.asyncDispose]: () => {
      closing = true;
      return close();
    },
  };
}

async function waitForName(
  server: { readonly client: Client; readonly baseUrl: string; readonly log: ServerLog; readonly name: string },
  { spec, clock, signal, onProgress }: SpawnOptions,
): Promise<ServedModel> {
  const { client, baseUrl, log, name } = server;
  let said = "starting the server";
  onProgress?.(said);
  const onTry = async (): Promise<void> => {
    for (const line of await log.news()) {
      const stage = stageOf(line);
      if (stage === null || stage === said) continue;
      said = stage;
      onProgress?.(said);
    }
  };
  const models = await waitUntilReady({ client, clock, baseUrl, limitMs: spec.readyMs, signal, onTry });
  const own = models.find(({ id }) => id === name);
  if (own !== undefined) return own;
  const listed = models.map(({ id }) => id).join(", ") || "nothing";
  throw new AbtieError(
    "engine",
    `Another server answers at ${baseUrl}: it lists ${listed}, where ${name} was expected. End that server, or set another port in the engine profile.`,
  );
}

/** What the caller is told: its own abort as it is, the server's end with the cause from the log, else the error itself. */
async function explain(
  error: unknown,
  {
    kept,
    log,
    options,
    status,
  }: {
    readonly kept: Supervised;
    readonly log: ServerLog;
    readonly options: SpawnOptions;
    readonly status: () => number | null;
  },
): Promise<unknown> {
  if (options.signal.aborted) return options.signal.reason;
  if (error instanceof RequestError) {
    const settled = new AbortController();
    await Promise.race([kept.ended, options.clock.sleep(END_WAIT_MS, settled.signal).catch(() => undefined)]);
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

function environment({ env, spec }: SpawnOptions): Readonly<Record<string, string>> {
  const inherited = Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return { ...Object.fromEntries(inherited), ...spec.env };
}
