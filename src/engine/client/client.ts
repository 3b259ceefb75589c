import OpenAI from "openai";
import { Agent, fetch as undiciFetch } from "undici";
import type { TokenizeBody } from "../../prompt/tokenizer/server.ts";
import type { Clock } from "../../types.ts";
import { type ChoiceLogProbs, malformed, readChoices, readModelName } from "./answer.ts";
import { readModels, type ServedModel } from "./served-models.ts";
import { withTimeLimit } from "./time-limit.ts";
import { statusError, toRequestError } from "./to-request-error.ts";

export interface ClientOptions {
  /** Root of the server, as `normaliseBaseUrl` returns it. */
  readonly baseUrl: string;
  /** Key for the Authorization header. A vLLM that was started without --api-key accepts any key. */
  readonly apiKey: string;
  readonly clock: Clock;
  /** Longest time for one request in ms, from sending it to the end of its answer. */
  readonly timeoutMs: number;
}

/** What a server answered to one request of several prompts. */
export interface Completion {
  /** The choices in the order of the prompts. */
  readonly choices: readonly ChoiceLogProbs[];
  /** The name of the model that the answer bears; null when it bears none. */
  readonly model: string | null;
}

/**
 * Sends requests to one server. Every method throws a RequestError, or the signal's reason when it aborts. Disposing the
 * client closes its connections.
 */
export interface Client extends AsyncDisposable {
  /**
   * Sends one /v1/completions request for one token after each prompt, with the fields of a dialect added. Throws
   * RequestError("wrong-model") when the answer bears another name than `answersAs`; null allows every name.
   */
  readonly complete: (
    request: {
      readonly model: string;
      readonly prompts: readonly (readonly number[])[];
      readonly fields: Readonly<Record<string, unknown>>;
      readonly answersAs: string | null;
    },
    signal?: AbortSignal,
    timeoutMs?: number,
  ) => Promise<Completion>;
  readonly models: (signal?: AbortSignal, timeoutMs?: number) => Promise<readonly ServedModel[]>;
  readonly tokenize: (body: TokenizeBody & { readonly model: string }, signal?: AbortSignal) => Promise<number[]>;
  readonly detokenize: (
    body: { readonly model: string; readonly tokens: readonly number[] },
    signal?: AbortSignal,
  ) => Promise<string>;
  /** Gets the body of a page outside /v1; null for a 404. */
  readonly page: (path: string, signal?: AbortSignal, timeoutMs?: number) => Promise<string | null>;
}

/**
 * Disables the time limit of the SDK, because that limit ends when the headers arrive; `withTimeLimit` limits the body
 * too.
 */
const NEVER_MS = 2 ** 31 - 1;

/**
 * Creates a client: the openai SDK over undici. The client never retries, so that its caller sees and counts every
 * attempt.
 */
export function createClient(options: ClientOptions): Client {
  const { baseUrl, apiKey, clock } = options;
  const http = openHttp();
  const sdk = new OpenAI({
    apiKey,
    // Without these nulls, the SDK would read the values from the environment.
    adminAPIKey: null,
    organization: null,
    project: null,
    webhookSecret: null,
    logLevel: "off",
    baseURL: `${baseUrl}/v1`,
    maxRetries: 0,
    timeout: NEVER_MS,
    fetch: http.fetch,
    fetchOptions: { dispatcher: http.dispatcher },
  });

  async function attempt<T>(
    what: string,
    work: (signal: AbortSignal) => Promise<T>,
    signal: AbortSignal | undefined,
    ms = options.timeoutMs,
  ): Promise<T> {
    try {
      return await withTimeLimit({ clock, ms, signal, what }, work);
    } catch (error) {
      if (signal?.aborted) throw signal.reason;
      throw toRequestError(error, clock.now());
    }
  }

  async function request(path: string, init: RequestInit): Promise<Response> {
    const response = await http.fetch(`${baseUrl}${path}`, {
      ...init,
      headers: { "Content-Type": "application/json", Authorization: `Bearer ${apiKey}` },
      dispatcher: http.dispatcher,
    });
    if (response.ok || response.status === 404) return response;
    throw statusError(response.status, await response.text(), response.headers, clock.now());
  }

  function askTokenizer<T>(
    path: string,
    body: object,
    read: (answer: unknown) => T,
    signal: AbortSignal | undefined,
  ): Promise<T> {
    return attempt(
      path,
      async (inner) => {
        const response = await request(path, { method: "POST", body: JSON.stringify(body), signal: inner });
        const text = await response.text();
        if (response.status === 404) throw statusError(404, `${path}: ${text}`, response.headers, clock.now());
        return read(JSON.parse(text));
      },
      signal,
    );
  }

  return {
    complete: ({ model, prompts, fields, answersAs }, signal, timeoutMs) => {
      const body = {
        model,
        prompt: prompts,
        max_tokens: 1,
        temperature: 0,
        return_tokens_as_token_ids: true,
        ...fields,
      };
      return attempt(
        "The request",
        async (inner) => {
          const answer: unknown = await sdk.post("/completions", { body, signal: inner });
          const name = readModelName(answer, answersAs);
          return { choices: readChoices(answer, prompts), model: name };
        },
        signal,
        timeoutMs,
      );
    },
    models: (signal, timeoutMs) =>
      attempt(
        "/v1/models",
        async (inner) => readModels(await sdk.get("/models", { signal: inner })),
        signal,
        timeoutMs,
      ),
    tokenize: (body, signal) => askTokenizer("/tokenize", body, readTokens, signal),
    detokenize: (body, signal) => askTokenizer("/detokenize", body, readPrompt, signal),
    page: (path, signal, timeoutMs) =>
      attempt(
        path,
        async (inner) => {
          const response = await request(path, { signal: inner });
          const text = await response.text();
          return response.status === 404 ? null : text;
        },
        signal,
        timeoutMs,
      ),
    [Symbol.asyncDispose]: () => http[Symbol.asyncDispose](),
  };
}

/** A fetch function and its pool of connections. Both must come from the same package. */
interface Http extends AsyncDisposable {
  readonly fetch: typeof globalThis.fetch;
  readonly dispatcher: NonNullable<RequestInit["dispatcher"]>;
}

/** vLLM closes a connection that was idle for 5 s, and a request on a closed connection fails with a reset. */
const KEEP_ALIVE_MS = 4_000;
const CONNECT_MS = 10_000;

/**
 * Opens a pool that limits neither the number of connections nor the time of an answer, because the sender of a request
 * decides how many are in flight, and `withTimeLimit` decides how long one may take.
 */
function openHttp(): Http {
  const dispatcher = new Agent({
    connections: null,
    pipelining: 1,
    keepAliveTimeout: KEEP_ALIVE_MS,
    keepAliveMaxTimeout: KEEP_ALIVE_MS,
    headersTimeout: 0,
    bodyTimeout: 0,
    connect: { timeout: CONNECT_MS },
  });
  return {
    // The types of this undici and of the undici inside Node differ in details that neither the SDK nor abtie uses.
    fetch: undiciFetch as unknown as Http["fetch"],
    dispatcher: dispatcher as unknown as Http["dispatcher"],
    // destroy() instead of close(), because close() would wait for an answer that a hung server never sends.
    [Symbol.asyncDispose]: () => dispatcher.destroy(),
  };
}

function readTokens(answer: unknown): number[] {
  const tokens = (answer as { tokens?: unknown } | null)?.tokens;
  if (!Array.isArray(tokens) || !tokens.every((token) => Number.isInteger(token))) {
    throw malformed("to /tokenize holds no list of token ids", answer);
  }
  return tokens;
}

function readPrompt(answer: unknown): string {
  const prompt = (answer as { prompt?: unknown } | null)?.prompt;
  if (typeof prompt !== "string") throw malformed("to /detokenize holds no text", answer);
  return prompt;
}
