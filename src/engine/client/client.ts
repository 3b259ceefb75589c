import type { TokenizeBody } from "../../prompt/tokenizer/server.ts";
import type { Redact } from "../../secrets/redactor.ts";
import type { Secret } from "../../secrets/secret.ts";
import type { ServerAccess } from "../../secrets/url.ts";
import type { Clock } from "../../types.ts";
import { type HttpRequest, openHttp } from "./http.ts";
import { parseAnswer } from "./parse-answer.ts";
import { RequestError } from "./request-error.ts";
import { readModels, type ServedModel } from "./served-models.ts";
import { withTimeLimit } from "./time-limit.ts";
import { statusError, toRequestError } from "./to-request-error.ts";
import { createTokenize, detokenize, type Post } from "./tokenize.ts";

export interface ClientOptions {
  /** Root of the server, as `normaliseBaseUrl` returns it. */
  readonly baseUrl: string;
  /** Key for the Authorization header. A vLLM that was started without --api-key accepts any key. */
  readonly apiKey: Secret;
  /** The secret parts of the address; null: it has none. */
  readonly access: ServerAccess | null;
  /** Removes the secrets from the texts of the server, which may repeat them. */
  readonly redact: Redact;
  /** The environment variables, of which those of a proxy are read. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  /** Longest time for one request in ms, from sending it to the end of its answer. */
  readonly timeoutMs: number;
}

/** The time limit of one request, and the signal that ends it. */
export interface RequestLimits {
  readonly signal?: AbortSignal | undefined;
  /** Longest time in ms; default: the one of the client. */
  readonly timeoutMs?: number | undefined;
}

/** A page outside /v1, as it was answered. */
export interface Page {
  readonly status: number;
  readonly text: string;
}

/**
 * Sends requests to one server. Every method throws a RequestError, or the signal's reason when it aborts. Disposing the
 * client closes its connections. The client never retries, so that its caller sees and counts every attempt.
 */
export interface Client extends AsyncDisposable {
  /** Posts JSON that asks about `prompts` prompts, and returns the parsed answer. */
  readonly post: (path: string, body: object, prompts: number, limits?: RequestLimits) => Promise<unknown>;
  readonly models: (limits?: RequestLimits) => Promise<readonly ServedModel[]>;
  readonly tokenize: (model: string, body: TokenizeBody, limits?: RequestLimits) => Promise<number[]>;
  readonly detokenize: (model: string, tokens: readonly number[], limits?: RequestLimits) => Promise<string>;
  /** Gets a page outside /v1, whatever its status. */
  readonly page: (path: string, limits?: RequestLimits) => Promise<Page>;
}

/**
 * The most bytes of an answer to one request about prompts: a base, and bytes for each prompt. vLLM needs 1,000 bytes a
 * prompt, and at most 128 labels have about 10,000.
 */
const ANSWER_BYTES = { base: 1_000_000, prompt: 50_000, most: 32_000_000 } as const;
/** The most bytes of a list of models, and of a page. */
const PAGE_BYTES = 4_000_000;

/** Opens a client. Throws AbtieError("config") when the proxy in the environment has no usable address. */
export function createClient(options: ClientOptions): Client {
  const { clock, redact } = options;
  const http = openHttp(options);

  async function attempt<T>(
    what: string,
    { signal, timeoutMs = options.timeoutMs }: RequestLimits,
    work: (signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    try {
      return await withTimeLimit({ clock, ms: timeoutMs, signal, what }, work);
    } catch (error) {
      if (signal?.aborted) throw signal.reason;
      throw toRequestError(error, http.proxy).redacted(redact);
    }
  }

  async function ask(request: HttpRequest, signal: AbortSignal): Promise<unknown> {
    const answer = await http.send(request, signal);
    if (answer.status < 200 || answer.status > 299) throw named(request.path, statusError(answer, clock.now()));
    return parseAnswer(answer.text);
  }

  function postText(signal: AbortSignal): Post {
    return (path, fields) => {
      const body = JSON.stringify(fields);
      // A token stands for a few characters, and its id has at most 8 characters; so the answer is about as long as the body.
      return ask({ path, body, maxBytes: PAGE_BYTES + 8 * body.length }, signal);
    };
  }

  const tokenize = createTokenize();
  return {
    post: (path, body, prompts, limits = {}) =>
      attempt("The request", limits, (inner) => {
        const maxBytes = Math.min(ANSWER_BYTES.most, ANSWER_BYTES.base + prompts * ANSWER_BYTES.prompt);
        return ask({ path, body: JSON.stringify(body), maxBytes }, inner);
      }),
    models: (limits = {}) =>
      attempt("/v1/models", limits, async (inner) =>
        readModels(await ask({ path: "/v1/models", maxBytes: PAGE_BYTES }, inner)),
      ),
    tokenize: (model, body, limits = {}) =>
      attempt("/tokenize", limits, (inner) => tokenize(postText(inner), model, body)),
    detokenize: (model, tokens, limits = {}) =>
      attempt("/detokenize", limits, (inner) => detokenize(postText(inner), model, tokens)),
    page: (path, limits = {}) =>
      attempt(path, limits, async (inner) => {
        const { status, text } = await http.send({ path, maxBytes: PAGE_BYTES }, inner);
        return { status, text };
      }),
    [Symbol.asyncDispose]: () => http[Symbol.asyncDispose](),
  };
}

/** Adds the path to a refusal of a page outside /v1, because the base URL does not show which page it was. */
function named(path: string, error: RequestError): RequestError {
  if (path.startsWith("/v1/")) return error;
  return new RequestError(error.kind, `${path}: ${error.message}`, {
    status: error.status,
    retryAfterMs: error.retryAfterMs,
  });
}
