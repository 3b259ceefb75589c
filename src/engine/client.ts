import OpenAI from "openai";
import type { Clock } from "../types.ts";
import { type ChoiceLogProbs, malformed, readChoices } from "./answer.ts";
import type { Http } from "./http.ts";
import { statusError, toRequestError } from "./map-error.ts";
import { withTimeLimit } from "./time-limit.ts";
import type { TokenizeBody } from "./types.ts";

export interface ClientOptions {
  readonly http: Http;
  /** Root of the server, normalised. */
  readonly baseUrl: string;
  /** What OPENAI_API_KEY holds; vLLM started without --api-key accepts anything. */
  readonly apiKey: string;
  readonly clock: Clock;
  /** Longest time for one request, from sending it to the end of its answer, in ms. */
  readonly timeoutMs: number;
}

/** One model that a server lists. */
export interface ServedModel {
  readonly id: string;
  readonly maxModelLen: number | null;
}

/** Speaks to one server. Every method throws a RequestError, or the signal's reason when it aborts. */
export interface Client {
  /** One /v1/completions request for one token after each prompt, with the fields of a dialect added. */
  readonly complete: (
    request: {
      readonly model: string;
      readonly prompts: readonly (readonly number[])[];
      readonly fields: Readonly<Record<string, unknown>>;
    },
    signal?: AbortSignal,
    timeoutMs?: number,
  ) => Promise<readonly ChoiceLogProbs[]>;
  readonly models: (signal?: AbortSignal, timeoutMs?: number) => Promise<readonly ServedModel[]>;
  readonly tokenize: (body: TokenizeBody, signal?: AbortSignal) => Promise<number[]>;
  /** The body of a page outside /v1; null for a 404. */
  readonly page: (path: string, signal?: AbortSignal, timeoutMs?: number) => Promise<string | null>;
}

/** The SDK's own limit, which ends when the headers arrive, is set out of the way: ours covers the body too. */
const NEVER_MS = 2 ** 31 - 1;

/** Creates the client: the openai SDK over undici, without retries, so that every attempt is seen by whoever counts them. */
export function createClient(options: ClientOptions): Client {
  const { http, baseUrl, apiKey, clock } = options;
  const sdk = new OpenAI({
    apiKey,
    // Everything that the SDK would otherwise read from the environment.
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

  return {
    complete: ({ model, prompts, fields }, signal, timeoutMs) => {
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
        async (inner) => readChoices(await sdk.post("/completions", { body, signal: inner }), prompts),
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
    tokenize: (body, signal) =>
      attempt(
        "/tokenize",
        async (inner) => {
          const response = await request("/tokenize", { method: "POST", body: JSON.stringify(body), signal: inner });
          const text = await response.text();
          if (response.status === 404) throw statusError(404, `/tokenize: ${text}`, response.headers, clock.now());
          return readTokens(JSON.parse(text));
        },
        signal,
      ),
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
  };
}

function readModels(answer: unknown): readonly ServedModel[] {
  const data = (answer as { data?: unknown } | null)?.data;
  if (!Array.isArray(data)) throw malformed("to /v1/models holds no list", answer);
  return data.map((model: { id?: unknown; max_model_len?: unknown } | null) => {
    if (typeof model?.id !== "string") throw malformed("to /v1/models holds a model without a name", model);
    return { id: model.id, maxModelLen: typeof model.max_model_len === "number" ? model.max_model_len : null };
  });
}

function readTokens(answer: unknown): number[] {
  const tokens = (answer as { tokens?: unknown } | null)?.tokens;
  if (!Array.isArray(tokens) || !tokens.every((token) => Number.isInteger(token))) {
    throw malformed("to /tokenize holds no list of token ids", answer);
  }
  return tokens;
}
