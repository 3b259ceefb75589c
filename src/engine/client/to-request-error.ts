import { systemCode } from "../../errors.ts";
import { isRecord } from "../../files/json-shape.ts";
import type { HttpAnswer } from "./http.ts";
import type { ProxyChoice } from "./proxy.ts";
import { RequestError, type RequestErrorKind } from "./request-error.ts";

/** The words with which vLLM, SGLang and llama.cpp refuse a prompt that is too long. */
const TOO_LONG =
  /maximum context length|maximum model length|reduce the length|longer than the m|max_tokens must be at least 1, got (?:0|-)|exceeds the (?:available|model's) context|exceed_context_size/i;
/** The words with which servers and gateways refuse a request of too many prompts. */
const TOO_LARGE = /batch size|too many (?:prompts|inputs)|(?:request|payload|entity|body) (?:is )?too large/i;

/** Longest message of a server that becomes part of an error, in characters. */
const LONGEST_MESSAGE = 1_000;

/** Turns any error of undici into a RequestError. `proxy` is named, because the failed connection may be the one to it. */
export function toRequestError(error: unknown, proxy: ProxyChoice | null): RequestError {
  if (error instanceof RequestError) return error;
  const text = describeConnection(error);
  if (chain(error).some((link) => TLS.test(systemCode(link) ?? ""))) {
    return new RequestError("wrong-address", `The TLS connection failed: ${text}. ${TLS_REMEDY}`, { cause: error });
  }
  const kind = chain(error).some((link) => /TIMEOUT|ETIMEDOUT/.test(systemCode(link) ?? "")) ? "timeout" : "connection";
  const through =
    proxy === null ? "" : ` Requests go through the proxy ${proxy.shown}, except to the hosts that NO_PROXY lists.`;
  return new RequestError(kind, `The connection failed: ${text}.${through}`, { cause: error });
}

/** The codes of OpenSSL and Node for a certificate or a handshake that failed. */
const TLS = /^ERR_(?:TLS|SSL)|CERT|^UNABLE_TO_|^EPROTO$|^HOSTNAME_MISMATCH$/;

const TLS_REMEDY =
  "For a server with a certificate of your own, set NODE_EXTRA_CA_CERTS to the file of the authority that signed it before abtie starts; for a server without TLS, write http:// in the base URL.";

/** Builds the error for an answer with an HTTP status that refuses the request. `now` is in ms since 1970. */
export function statusError({ status, headers, text }: HttpAnswer, now: number): RequestError {
  const message = messageIn(text);
  const kind = kindOfStatus(status, message);
  const retryAfterMs = kind === "overloaded" || kind === "server" ? retryAfter(headers, now) : undefined;
  return new RequestError(kind, message === "" ? `HTTP ${status}` : `${status} ${message}`, { status, retryAfterMs });
}

function kindOfStatus(status: number, message: string): RequestErrorKind {
  if (status === 429 || status === 503) return "overloaded";
  if (status === 408 || status === 504) return "timeout";
  if (status === 413) return "too-large";
  if (status >= 500) return "server";
  if (TOO_LONG.test(message)) return "too-long";
  return TOO_LARGE.test(message) ? "too-large" : "bad-request";
}

/** Finds the message in the body of a refusal: vLLM's, OpenAI's, FastAPI's and llama.cpp's shapes, else the whole body. */
function messageIn(text: string): string {
  const shortened = (found: string): string => found.replace(/\s+/g, " ").trim().slice(0, LONGEST_MESSAGE);
  if (text.length > 4 * LONGEST_MESSAGE || !/^\s*\{/.test(text)) return shortened(text);
  try {
    const body: unknown = JSON.parse(text);
    if (!isRecord(body)) return shortened(text);
    const inner = isRecord(body["error"]) ? body["error"]["message"] : body["error"];
    const found = [inner, body["message"], body["detail"]].find((part) => typeof part === "string" && part !== "");
    return shortened(typeof found === "string" ? found : text);
  } catch {
    return shortened(text);
  }
}

/** Reads the Retry-After header, which contains seconds or a date, as ms from `now`. */
function retryAfter(headers: HttpAnswer["headers"], now: number): number | undefined {
  const text = headers.get("retry-after");
  if (text === null || text.trim() === "") return undefined;
  const seconds = Number(text);
  const ms = Number.isFinite(seconds) ? seconds * 1_000 : Date.parse(text) - now;
  return Number.isFinite(ms) ? Math.max(0, ms) : undefined;
}

/** Describes the first cause of a failed connection, with its code. */
function describeConnection(error: unknown): string {
  const links = chain(error).toReversed();
  const code = links.map(systemCode).find((found) => found !== null) ?? null;
  const message = (links.map((link) => link.message).find((text) => text !== "") ?? String(error)).slice(0, 300);
  const text = message.replace(/[.\s]+$/, "");
  return code === null || text.includes(code) ? text : `${text} (${code})`;
}

/** Lists an error and its causes, the deepest last. Of several causes of one error, the first is followed. */
function chain(error: unknown): readonly Error[] {
  const links: Error[] = [];
  for (let link = error; link instanceof Error && links.length < 10; ) {
    links.push(link);
    link = link instanceof AggregateError ? link.errors[0] : link.cause;
  }
  return links;
}
