import type { ServerResponse } from "node:http";
import { uniformOf } from "./distribution.ts";

/** Lets some requests fail in one way. */
export interface FaultRule {
  readonly kind: string;
  /** Share of the requests, 0 to 1; default 1. */
  readonly rate?: number;
  /** Number of requests that fail at most; default no limit. */
  readonly times?: number;
  /** Number of first requests that are left alone; default 0. */
  readonly after?: number;
  /** The page whose requests fail; default /v1/completions. */
  readonly on?: string;
}

/** The answer that a fault damages. */
export interface Damaged {
  readonly response: ServerResponse;
  /** The good answer. */
  readonly text: string;
  /** The tokens whose log probabilities were asked for by id. */
  readonly ids: readonly number[];
}

/** One way in which a request fails. */
export interface Fault {
  /** What the client sees, for the help. */
  readonly help: string;
  readonly send: (damaged: Damaged) => void;
}

const JSON_TYPE = { "content-type": "application/json" };

/** The faults of everyday servers, by name. */
export const FAULTS: Readonly<Record<string, Fault>> = {
  http500: {
    help: "HTTP 500",
    send: sendError(500, {}, { message: "Internal server error", type: "InternalServerError" }),
  },
  overloaded: {
    help: "HTTP 429, try again after a second",
    send: sendError(429, { "retry-after": "1" }, { message: "Too many requests", type: "TooManyRequests" }),
  },
  unavailable: {
    help: "HTTP 503",
    send: sendError(503, {}, { message: "Service unavailable", type: "ServiceUnavailable" }),
  },
  reset: { help: "the connection is reset", send: ({ response }) => void response.socket?.resetAndDestroy() },
  half: {
    help: "half an answer, then the connection is closed",
    send: (damaged) => sendHalf(damaged, () => damaged.response.socket?.destroy()),
  },
  "half-hang": { help: "half an answer, then nothing", send: (damaged) => sendHalf(damaged, () => {}) },
  hang: { help: "no answer", send: () => {} },
  "not-json": {
    help: "a page of a gateway instead of JSON",
    send: ({ response }) => void response.writeHead(200, JSON_TYPE).end("<html>502 Bad Gateway</html>"),
  },
};

/** Makes a fault that answers with an error in vLLM's shape. */
export function sendError(
  status: number,
  headers: Readonly<Record<string, string>>,
  error: { readonly message: string; readonly type: string },
): Fault["send"] {
  const body = JSON.stringify({ error: { message: error.message, type: error.type, param: null, code: status } });
  return ({ response }) => void response.writeHead(status, { ...JSON_TYPE, ...headers }).end(body);
}

function sendHalf({ response, text }: Damaged, then: () => void): void {
  response.writeHead(200, { ...JSON_TYPE, "content-length": Buffer.byteLength(text) });
  response.write(text.slice(0, text.length / 2), then);
}

/**
 * Decides which fault a request has, if any, by the seed and the number of the request. Counts how often each rule was used, so
 * it belongs to one server.
 */
export function createFaultPicker(): (
  rules: readonly FaultRule[],
  request: { readonly page: string; readonly number: number; readonly seed: number },
) => FaultRule | null {
  const used = new WeakMap<FaultRule, number>();
  return (rules, { page, number, seed }) => {
    const found = rules.find(
      (rule, position) =>
        (rule.on ?? "/v1/completions") === page &&
        number > (rule.after ?? 0) &&
        (used.get(rule) ?? 0) < (rule.times ?? Number.POSITIVE_INFINITY) &&
        uniformOf(Math.imul(seed + 7, 0x9e3779b1) ^ number, position) < (rule.rate ?? 1),
    );
    if (found === undefined) return null;
    used.set(found, (used.get(found) ?? 0) + 1);
    return found;
  };
}
