import { APIConnectionError, APIConnectionTimeoutError, APIError } from "openai";
import { systemCode } from "../../errors.ts";
import { RequestError, type RequestErrorKind } from "./request-error.ts";

/** The words with which the versions of vLLM refuse a prompt that is too long. */
const TOO_LONG =
  /maximum context length|maximum model length|reduce the length|longer than the maximum|max_tokens must be at least 1, got (?:0|-)/i;

/** Turns any error that the SDK, undici or the JSON parser threw into a RequestError. `now` is in ms since 1970. */
export function toRequestError(error: unknown, now: number): RequestError {
  if (error instanceof RequestError) return error;
  if (error instanceof APIConnectionTimeoutError)
    return new RequestError("timeout", "The request timed out.", { cause: error });
  if (error instanceof APIConnectionError) return connectionError(error);
  if (error instanceof APIError && typeof error.status === "number") {
    return statusError(error.status, error.message, error.headers, now, error);
  }
  if (error instanceof SyntaxError) {
    return new RequestError("malformed", `The answer is not JSON: ${error.message}`, { cause: error });
  }
  return connectionError(error);
}

/** Builds the error for an HTTP status and the message in its answer. */
export function statusError(
  status: number,
  message: string,
  headers: Headers | undefined,
  now: number,
  cause?: unknown,
): RequestError {
  const kind = kindOfStatus(status, message);
  const retryAfterMs = kind === "overloaded" || kind === "server" ? retryAfter(headers, now) : undefined;
  return new RequestError(kind, message.startsWith(String(status)) ? message : `${status} ${message}`, {
    status,
    retryAfterMs,
    cause,
  });
}

function kindOfStatus(status: number, message: string): RequestErrorKind {
  if (status === 429 || status === 503) return "overloaded";
  if (status === 408 || status === 504) return "timeout";
  if (status >= 500) return "server";
  return TOO_LONG.test(message) ? "too-long" : "bad-request";
}

/** Reads the Retry-After header, which contains seconds or a date, as ms from `now`. */
function retryAfter(headers: Headers | undefined, now: number): number | undefined {
  const text = headers?.get("retry-after");
  if (text === null || text === undefined || text.trim() === "") return undefined;
  const seconds = Number(text);
  const ms = Number.isFinite(seconds) ? seconds * 1_000 : Date.parse(text) - now;
  return Number.isFinite(ms) ? Math.max(0, ms) : undefined;
}

function connectionError(error: unknown): RequestError {
  const code = deepestCode(error);
  const kind = code !== undefined && /TIMEOUT|ETIMEDOUT/.test(code) ? "timeout" : "connection";
  return new RequestError(kind, `The connection failed: ${code ?? deepestMessage(error)}.`, { cause: error });
}

function deepestCode(error: unknown): string | undefined {
  let code: string | undefined;
  for (const link of chain(error)) {
    code = systemCode(link) ?? code;
  }
  return code;
}

function deepestMessage(error: unknown): string {
  return chain(error).at(-1)?.message ?? String(error);
}

function chain(error: unknown): readonly Error[] {
  const links: Error[] = [];
  for (let link = error; link instanceof Error && links.length < 10; link = link.cause) links.push(link);
  return links;
}
