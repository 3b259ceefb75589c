import { RequestError, type RequestErrorKind } from "../engine/client/request-error.ts";
import { AbtieError } from "../errors.ts";
import type { FailureClass } from "../schedule/types.ts";

/**
 * Classifies the error of one request for the scheduler. An AbtieError("engine") means that the engine has ended. Throws every
 * other error that is not a RequestError, because it is a bug.
 */
export function classifyRequestError(error: unknown): FailureClass {
  if (error instanceof AbtieError && error.code === "engine") return ENGINE_LOST;
  if (!(error instanceof RequestError)) throw error;
  const { kind, status, message, retryAfterMs } = error;
  if (ENGINE_DIED.test(message) || (status !== undefined && REFUSES_EVERYTHING.has(status))) return ENGINE_LOST;
  const failure: FailureClass = CLASSES[kind];
  return failure.kind === "retry" && retryAfterMs !== undefined ? { ...failure, afterMs: retryAfterMs } : failure;
}

const ENGINE_LOST = { kind: "engine-lost", reason: "engine-lost" } as const;

/**
 * vLLM's answer to the requests that were in flight when its engine process died. The server exits immediately after this
 * answer.
 */
const ENGINE_DIED = /EngineCore encountered an issue|EngineDeadError/;

/** Status codes for a wrong key, a wrong model name or a wrong path. Every further request would get the same answer. */
const REFUSES_EVERYTHING: ReadonlySet<number> = new Set([401, 403, 404, 405]);

const CLASSES = {
  "too-long": { kind: "split", reason: "too-long" },
  "bad-request": { kind: "split", reason: "bad-request" },
  overloaded: { kind: "retry", reason: "overloaded", blame: "load" },
  server: { kind: "retry", reason: "server", blame: "batch" },
  connection: { kind: "retry", reason: "connection", blame: "engine" },
  timeout: { kind: "retry", reason: "timeout", blame: "either" },
  malformed: { kind: "retry", reason: "malformed", blame: "batch" },
  "too-large": { kind: "split", reason: "too-large" },
  "wrong-address": { kind: "engine-lost", reason: "engine-lost" },
  "wrong-model": { kind: "engine-lost", reason: "engine-lost" },
} as const satisfies Record<RequestErrorKind, FailureClass>;
