import { RequestError } from "../engine/client/request-error.ts";
import type { ServedModel } from "../engine/client/served-models.ts";
import type { Engine } from "../engine/engine.ts";
import type { Clock } from "../types.ts";

/** Time (ms) without a request in flight after which a server may have been replaced unnoticed. */
const IDLE_MS = 5_000;

/**
 * Guards the requests to one engine: before a request is sent, the server is asked which model it lists if it may have been replaced
 * since the last answer. It may after a failed request, and after five seconds in which nothing was in flight. A server that is started again fast
 * enough would otherwise go on under the same address and name with other weights.
 */
export interface ModelWatch {
  /** Sends a request. Throws RequestError("wrong-model"), before the request is sent, when the server lists another model now. */
  readonly guard: <T>(send: () => Promise<T>, signal: AbortSignal) => Promise<T>;
}

/**
 * Creates the watch of an engine. With `isNew`, the engine was opened just now; otherwise its model is asked before the first request. `differs` says how the listed model differs; null when it does not.
 */
export function createModelWatch(options: {
  readonly list: Engine["listed"];
  readonly differs: (listed: ServedModel) => string | null;
  readonly isNew: boolean;
  readonly clock: Clock;
}): ModelWatch {
  const { list, differs, isNew, clock } = options;
  let failures = 0;
  let checkedFailures = 0;
  let inFlight = 0;
  let answeredAt = isNew ? clock.monotonic() : Number.NEGATIVE_INFINITY;

  const isDue = (): boolean =>
    failures > checkedFailures || (inFlight === 0 && clock.monotonic() - answeredAt > IDLE_MS);
  const check = async (signal: AbortSignal): Promise<void> => {
    const seen = failures;
    const listed = await list(signal);
    // A router lists no model while its server is away, so that the model may still come back.
    if (listed === null) throw new RequestError("connection", "The server does not list the model any more.");
    const difference = differs(listed);
    if (difference !== null) throw new RequestError("wrong-model", difference);
    checkedFailures = Math.max(checkedFailures, seen);
    answeredAt = clock.monotonic();
  };

  return {
    guard: async (send, signal) => {
      while (isDue()) await check(signal);
      inFlight += 1;
      try {
        const answer = await send();
        answeredAt = clock.monotonic();
        return answer;
      } catch (error) {
        if (mayBeReplaced(error)) failures += 1;
        throw error;
      } finally {
        inFlight -= 1;
      }
    },
  };
}

/** A refusal comes from the server that was asked; after every other failure another server may listen there. */
function mayBeReplaced(error: unknown): boolean {
  return error instanceof RequestError && error.kind !== "too-long" && error.kind !== "bad-request";
}
