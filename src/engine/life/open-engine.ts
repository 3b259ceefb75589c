import { AbtieError } from "../../errors.ts";
import type { ServerText } from "../../prompt/tokenizer/server.ts";
import type { Clock, Log } from "../../types.ts";
import { chooseDialect, type ProbeInput } from "../capabilities/choose-dialect.ts";
import type { Method } from "../capabilities/dialects.ts";
import { parseMetrics } from "../capabilities/metrics.ts";
import type { Client } from "../client/client.ts";
import { RequestError } from "../client/request-error.ts";
import type { ServedModel } from "../client/served-models.ts";
import type { Engine } from "../engine.ts";
import { refused } from "./readiness.ts";

/** Options for spawning a server and for attaching to one. */
export interface EngineOptions {
  readonly clock: Clock;
  readonly log: Log;
  /** The environment variables. They may contain OPENAI_API_KEY, and a spawned server inherits them. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** When this signal aborts, the start ends, and a server that abtie was starting is stopped. */
  readonly signal: AbortSignal;
  /** The only method that may be used; null: the best one that the server supports is used. */
  readonly method: Method | null;
  /** Gives a real prompt and real label ids. Called as soon as the server can tokenise. */
  readonly probe: (server: ServerText & { readonly maxModelLen: number | null }) => Promise<ProbeInput>;
  /** Longest time for one request, in ms. */
  readonly timeoutMs: number;
  /** Longest time for the first request, in ms. The server may have to compile its kernels before it answers. */
  readonly warmUpMs: number;
  /** Called with a short text for each stage of the start. */
  readonly onProgress?: (text: string) => void;
}

/** An engine without the parts that only spawning or only attaching can add. */
export type ConnectedEngine = Omit<Engine, "died" | "logFile" | typeof Symbol.asyncDispose>;

/** Reads the API key. A vLLM without a key accepts any key, but the header must not be empty. */
export function apiKeyOf(env: EngineOptions["env"]): string {
  return env["OPENAI_API_KEY"] || "EMPTY";
}

/**
 * Makes an engine from a server that is ready: sends one request that warms it up, and finds the method by which it
 * gives log probabilities. Throws AbtieError("engine"), or a RequestError when the server stops answering.
 */
export async function openEngine(
  server: { readonly client: Client; readonly baseUrl: string; readonly model: ServedModel },
  options: EngineOptions,
): Promise<ConnectedEngine> {
  const { client, baseUrl, model } = server;
  const { signal, log } = options;
  const text: ServerText = {
    tokenize: (body, own = signal) => client.tokenize({ model: model.id, ...body }, own),
    detokenize: (tokens, own = signal) => client.detokenize({ model: model.id, tokens }, own),
  };

  const version = readVersion(await client.page("/version", signal).catch(ignoreRefusal));
  const probe = await options.probe({ ...text, maxModelLen: model.maxModelLen });
  options.onProgress?.("warming up with a first request");
  let answersAs = await warmUp(server, probe, options);
  const ask = async (fields: Readonly<Record<string, unknown>>) => {
    const request = { model: model.id, prompts: [probe.prompt], fields, answersAs };
    const { choices, model: name } = await client.complete(request, signal);
    answersAs ??= name;
    const [choice] = choices;
    if (choice === undefined) throw new Error("the client checks that there is one choice for each prompt");
    return choice;
  };
  const { dialect, tried } = await chooseDialect(ask, probe, options.method);
  if (tried.length > 0 && options.method === null) log("warn", fallbackText(dialect.method, tried));
  if (answersAs !== null && answersAs !== model.id) {
    log("warn", `The answers to requests for ${model.id} bear the name ${answersAs}, as some gateways do.`);
  }

  const expected = answersAs;
  return {
    baseUrl,
    model: model.id,
    served: model,
    answersAs: expected,
    version,
    maxModelLen: model.maxModelLen,
    method: dialect.method,
    tried,
    score: async (prompts, ids, own, cacheSalt) => {
      const salt = cacheSalt === undefined ? {} : { cache_salt: cacheSalt };
      const fields = { ...dialect.request(ids), ...salt };
      const { choices } = await client.complete({ model: model.id, prompts, fields, answersAs: expected }, own);
      return choices.map((choice) => dialect.read(choice, ids));
    },
    ...text,
    metrics: async (own) => {
      const page = await client.page("/metrics", own).catch(ignoreRefusal);
      return page === null ? null : parseMetrics(page);
    },
  };
}

/** Returns the name of the model that the first answer bears; null when it bears none or the request was refused. */
async function warmUp(
  { client, baseUrl, model }: { readonly client: Client; readonly baseUrl: string; readonly model: ServedModel },
  probe: ProbeInput,
  { signal, warmUpMs }: EngineOptions,
): Promise<string | null> {
  const request = { model: model.id, prompts: [probe.prompt], fields: { logprobs: 1 }, answersAs: null };
  try {
    return (await client.complete(request, signal, warmUpMs)).model;
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
    // A request that the server refused has warmed it up too. chooseDialect then finds the methods that the server
    // supports.
    if (error.kind !== "bad-request" && error.kind !== "malformed") throw error;
    return null;
  }
}

function fallbackText(method: Method, tried: readonly string[]): string {
  const cost =
    method === "top_logprobs"
      ? "a label outside the most likely tokens gets an upper bound"
      : "the labels' share of all probability (the label mass) is unknown";
  return `The server gives label probabilities only by ${method}: ${cost}. Refused: ${tried.join("; ")}`;
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

/** Returns null when the server refuses a page, because abtie then treats the page as missing. */
function ignoreRefusal(error: unknown): null {
  if (error instanceof RequestError && error.status !== undefined) return null;
  throw error;
}
