import { AbtieError } from "../errors.ts";
import type { FailureClass } from "./types.ts";

/** The part of a failed request's error that matters here. */
interface Failure extends Error {
  readonly kind: string;
  readonly status?: number | undefined;
  readonly retryAfterMs?: number | undefined;
}

/**
 * Says what the error of one request means for its tasks. Knows errors that carry a `kind` of the table below, and
 * AbtieError("engine"), which says that the engine has ended. Throws any other error on: it is a bug.
 */
export function classifyRequestError(error: unknown): FailureClass {
  if (error instanceof AbtieError && error.code === "engine") return { kind: "engine-lost", reason: "engine-lost" };
  if (!isFailure(error)) throw error;
  if (ENGINE_DIED.test(error.message) || (error.status !== undefined && REFUSES_EVERYTHING.has(error.status))) {
    return { kind: "engine-lost", reason: "engine-lost" };
  }
  const verdict = VERDICTS[error.kind];
  if (verdict === undefined) throw error;
  if (verdict.kind !== "retry" || error.retryAfterMs === undefined) return verdict;
  return { ...verdict, afterMs: error.retryAfterMs };
}

/** What vLLM answers to requests that were in flight when its engine process died; the server exits right after. */
const ENGINE_DIED = /EngineCore encountered an issue|EngineDeadError/;

/** Wrong key, wrong model name, no such path: the next request will fare no better. */
const REFUSES_EVERYTHING: ReadonlySet<number> = new Set([401, 403, 404, 405]);

const VERDICTS: Readonly<Record<string, FailureClass>> = {
  "too-long": { kind: "split", reason: "too-long" },
  "bad-request": { kind: "split", reason: "bad-request" },
  overloaded: { kind: "retry", reason: "overloaded", blame: "load" },
  server: { kind: "retry", reason: "server", blame: "batch" },
  connection: { kind: "retry", reason: "connection", blame: "engine" },
  timeout: { kind: "retry", reason: "timeout", blame: "either" },
  malformed: { kind: "retry", reason: "malformed", blame: "batch" },
};

function isFailure(error: unknown): error is Failure {
  return error instanceof Error && "kind" in error && typeof error.kind === "string";
}
