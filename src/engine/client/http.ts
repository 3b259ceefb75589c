import { pipeline, type Readable, type Transform } from "node:stream";
import { constants, createBrotliDecompress, createGunzip, createInflate } from "node:zlib";
import { Agent, EnvHttpProxyAgent, request } from "undici";
import type { Secret } from "../../secrets/secret.ts";
import type { ServerAccess } from "../../secrets/url.ts";
import { malformed } from "./malformed.ts";
import { chooseProxy, type ProxyChoice } from "./proxy.ts";
import { type ReadBudget, readBounded } from "./read-bounded.ts";
import { followRedirect, isRedirect, MAX_REDIRECTS } from "./redirect.ts";
import { RequestError } from "./request-error.ts";

/** One HTTP request. With a body it is a POST of JSON, without one a GET. */
export interface HttpRequest {
  /** Path behind the root of the server, for example /v1/completions. */
  readonly path: string;
  readonly body?: string;
  /** The most bytes of the answer that are read, after decompression. A longer answer is an error. */
  readonly maxBytes: number;
}

/** An answer whose body has been read and not been parsed. */
export interface HttpAnswer {
  readonly status: number;
  readonly headers: { readonly get: (name: string) => string | null };
  readonly text: string;
}

/** The connections to one server. */
export interface Http extends AsyncDisposable {
  /** Throws a RequestError for a redirect or a body that is too long, and the errors of undici. */
  readonly send: (request: HttpRequest, signal: AbortSignal) => Promise<HttpAnswer>;
  /** The proxy through which the server is reached; null when there is none. */
  readonly proxy: ProxyChoice | null;
}

/** The most bytes that one client holds of answers that have not arrived completely. */
const BUDGET_BYTES = 64_000_000;
/** The most bytes of the answer to a refused request that are read. The message of the server is at their beginning. */
const REFUSAL_BYTES = 64_000;

/**
 * Opens the connections to a server: undici's request, which costs less than its fetch. Redirects are decided here, since the key must
 * not follow each of them, and bodies are unpacked and read within limits.
 */
export function openHttp(options: {
  readonly baseUrl: string;
  readonly apiKey: Secret;
  readonly access: ServerAccess | null;
  readonly env: Readonly<Record<string, string | undefined>>;
}): Http {
  const proxy = chooseProxy(options.baseUrl, options.env);
  const dispatcher = createDispatcher(proxy);
  const { apiKey, access } = options;
  const authorization = access?.authorization?.reveal() ?? `Bearer ${apiKey.reveal()}`;
  const headers = {
    Accept: "*/*",
    "Accept-Encoding": "gzip, br",
    "Content-Type": "application/json",
    "User-Agent": "abtie",
    Authorization: authorization,
  };
  const budget: ReadBudget = { limit: BUDGET_BYTES, used: 0 };
  return {
    send: async ({ path, body, maxBytes }, signal) => {
      const method = body === undefined ? "GET" : "POST";
      // Each request gets its own headers, because the agent of a proxy adds some.
      const init = () => ({ method, headers: { ...headers }, dispatcher, signal, body: body ?? null }) as const;
      let url = new URL(`${options.baseUrl}${path}`);
      if (access?.query) url.search = access.query.reveal();
      for (let hops = 0; ; hops += 1) {
        const { statusCode: status, headers: answered, body: packed } = await request(url, init());
        // An answer that is not read to its end is an error of its stream, which nobody needs.
        packed.on("error", () => {});
        if (!isRedirect(status)) {
          const isOk = status >= 200 && status <= 299;
          const limits = isOk ? { maxBytes, cut: false } : { maxBytes: REFUSAL_BYTES, cut: true };
          const text = await readBounded(unpack(packed, headerOf(answered, "content-encoding")), { ...limits, budget });
          return { status, headers: { get: (name) => headerOf(answered, name) }, text };
        }
        packed.destroy();
        const target = followRedirect(url, { status, location: headerOf(answered, "location"), method });
        if (hops === MAX_REDIRECTS)
          throw new RequestError(
            "wrong-address",
            `${url.origin}${path} redirects in a circle. Write the address of the server itself as the base URL.`,
          );
        url = target;
      }
    },
    proxy,
    // destroy() instead of close(), because close() would wait for an answer that a hung server never sends.
    [Symbol.asyncDispose]: () => dispatcher.destroy(),
  };
}

/** Gives what has come until then when a body ends early, as browsers do; what is missing is found by the reader of the text. */
const UNTIL_THE_END = { flush: constants.Z_SYNC_FLUSH, finishFlush: constants.Z_SYNC_FLUSH };
const UNTIL_THE_END_BR = { flush: constants.BROTLI_OPERATION_FLUSH, finishFlush: constants.BROTLI_OPERATION_FLUSH };
/** How a body is unpacked that a gateway has packed, by the name of the encoding. */
const UNPACKERS: ReadonlyMap<string, () => Transform> = new Map([
  ["gzip", () => createGunzip(UNTIL_THE_END)],
  ["x-gzip", () => createGunzip(UNTIL_THE_END)],
  ["deflate", () => createInflate(UNTIL_THE_END)],
  ["br", () => createBrotliDecompress(UNTIL_THE_END_BR)],
]);

/** Unpacks a body in the reverse order of its encodings. Throws RequestError("malformed") for one that is not known. */
function unpack(body: Readable, encodings: string | null): Readable {
  const names = (encodings ?? "").split(",").map((name) => name.trim().toLowerCase());
  return names.toReversed().reduce((packed: Readable, name) => {
    if (name === "" || name === "identity") return packed;
    const unpacker = UNPACKERS.get(name);
    if (unpacker === undefined || names.length > MOST_ENCODINGS) {
      body.destroy();
      throw malformed(`is packed as ${JSON.stringify(encodings)}, which abtie neither asks for nor reads`, null);
    }
    // An error of any stream is one of the last stream, which its reader sees.
    return pipeline(packed, unpacker(), () => {});
  }, body);
}

const MOST_ENCODINGS = 3;

function headerOf(headers: Readonly<Record<string, string | string[] | undefined>>, name: string): string | null {
  const value = headers[name.toLowerCase()];
  return Array.isArray(value) ? value.join(", ") : (value ?? null);
}

/** vLLM closes a connection that was idle for 5 s, and a request on a closed connection fails with a reset. */
const KEEP_ALIVE_MS = 4_000;
const CONNECT_MS = 10_000;

/**
 * Makes a pool that limits neither the number of connections nor the time of an answer, because the sender of a request
 * decides how many are in flight, and `withTimeLimit` decides how long one may take.
 */
function createDispatcher(proxy: ProxyChoice | null): Agent | EnvHttpProxyAgent {
  const options = {
    connections: null,
    pipelining: 1,
    keepAliveTimeout: KEEP_ALIVE_MS,
    keepAliveMaxTimeout: KEEP_ALIVE_MS,
    headersTimeout: 0,
    bodyTimeout: 0,
    connect: { timeout: CONNECT_MS },
  };
  if (proxy === null) return new Agent(options);
  // The values are given, so that undici does not read the environment of the process. Many proxies refuse to tunnel plain
  // HTTP, so only HTTPS is tunnelled.
  return new EnvHttpProxyAgent({
    ...options,
    httpProxy: proxy.url,
    httpsProxy: proxy.url,
    noProxy: proxy.direct,
    proxyTunnel: false,
  });
}
