import { AbtieError } from "../errors.ts";
import type { Clock, Log } from "../types.ts";
import { chooseDialect } from "./choose-dialect.ts";
import type { Client, ServedModel } from "./client.ts";
import { refused } from "./readiness.ts";
import { RequestError } from "./request-error.ts";
import { parseMetrics } from "./server-metrics.ts";
import type { Engine, Method, ProbeInput, TokenizeBody } from "./types.ts";

/** What spawning and attaching have in common. */
export interface EngineOptions {
  readonly clock: Clock;
  readonly log: Log;
  /** The environment: OPENAI_API_KEY is read from it, and a spawned server inherits it. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Ends the start; a server that was being started is stopped. */
  readonly signal: AbortSignal;
  /** The only method to use; null to find the best one that the server knows. */
  readonly method: Method | null;
  /** Gives a real prompt and real label ids once the server can be asked for its tokens. */
  readonly probe: (server: {
    readonly tokenize: (body: TokenizeBody) => Promise<number[]>;
    readonly maxModelLen: number | null;
  }) => Promise<ProbeInput>;
  /** Longest time for one request, in ms. */
  readonly timeoutMs: number;
  /** Longest time for the first request, which may have to wait for kernels to be compiled, in ms. */
  readonly warmUpMs: number;
  /** Told in a few words what the start is doing. */
  readonly onProgress?: (text: string) => void;
}

/** An engine without the part that only spawning or attaching knows. */
export type OpenedEngine = Omit<Engine, "died" | "logFile" | typeof Symbol.asyncDispose>;

/** Reads the API key; vLLM without one accepts anything, but the header must not be empty. */
export function apiKeyOf(env: EngineOptions["env"]): string {
  return env["OPENAI_API_KEY"] || "EMPTY";
}

/**
 * Makes an engine of a server that is ready: warms it up with one small request and finds out how it gives log
 * probabilities. Throws AbtieError("engine"), or a RequestError when the server stops answering.
 */
export async function openEngine(
  server: { readonly client: Client; readonly baseUrl: string; readonly model: ServedModel },
  options: EngineOptions,
): Promise<OpenedEngine> {
  const { client, baseUrl, model } = server;
  const { signal, log } = options;
  const tokenize: Engine["tokenize"] = (body, own) => client.tokenize({ model: model.id, ...body }, own);

  const version = readVersion(await client.page("/version", signal).catch(ignoreRefusal));
  const probe = await options.probe({ tokenize: (body) => tokenize(body, signal), maxModelLen: model.maxModelLen });
  options.onProgress?.("warming up with a first request");
  await warmUp(server, probe, options);
  const ask = async (fields: Readonly<Record<string, unknown>>) => {
    const [choice] = await client.complete({ model: model.id, prompts: [probe.prompt], fields }, signal);
    // One prompt was sent, and the client checks that there are as many choices.
    return choice ?? {};
  };
  const { dialect, tried } = await chooseDialect(ask, probe, options.method);
  if (tried.length > 0 && options.method === null) log("warn", fallbackText(dialect.method, tried));

  return {
    baseUrl,
    model: model.id,
    version,
    maxModelLen: model.maxModelLen,
    method: dialect.method,
    tried,
    score: async (prompts, ids, own, cacheSalt) => {
      const salt = cacheSalt === undefined ? {} : { cache_salt: cacheSalt };
      const fields = { ...dialect.request(ids), ...salt };
      const choices = await client.complete({ model: model.id, prompts, fields }, own);
      return choices.map((choice) => dialect.read(choice, ids));
    },
    tokenize,
    metrics: async (own) => {
      const page = await client.page("/metrics", own).catch(ignoreRefusal);
      return page === null ? null : parseMetrics(page);
    },
    healthy: (own) =>
      client.page("/health", own).then(
        () => true,
        (error) => {
          if (error instanceof RequestError) return false;
          throw error;
        },
      ),
  };
}

async function warmUp(
  { client, baseUrl, model }: { readonly client: Client; readonly baseUrl: string; readonly model: ServedModel },
  probe: ProbeInput,
  { signal, warmUpMs }: EngineOptions,
): Promise<void> {
  const request = { model: model.id, prompts: [probe.prompt], fields: { logprobs: 1 } };
  try {
    await client.complete(request, signal, warmUpMs);
  } catch (error) {
    if (!(error instanceof RequestError)) throw error;
    if (error.status === 401 || error.status === 403) throw refused(baseUrl, error);
    if (error.status === 404) {
      throw new AbtieError(
        "engine",
        `${baseUrl} has no /v1/completions, or does not serve ${model.id}: ${error.message}`,
        { cause: error },
      );
    }
    // An answer that says no has warmed the server up all the same; what it can do is tried next.
    if (error.kind !== "bad-request" && error.kind !== "malformed") throw error;
  }
}

function fallbackText(method: Method, tried: readonly string[]): string {
  const cost =
    method === "top_logprobs"
      ? "a label outside the most likely tokens gets an upper bound"
      : "the labels' share of all probability is not known";
  return `The server gives label probabilities by ${method} only: ${cost}. Tried before: ${tried.join("; ")}`;
}

function readVersion(page: string | null): string | null {
  if (page === null) return null;
  try {
    const version = (JSON.parse(page) as { version?: unknown } | null)?.version;
    return typeof version === "string" ? version : null;
  } catch {
    return null;
  }
}

/** A page that a server refuses is like one that it lacks. */
function ignoreRefusal(error: unknown): null {
  if (error instanceof RequestError && error.status !== undefined) return null;
  throw error;
}
