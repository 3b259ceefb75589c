import { RequestError } from "../engine/client/request-error.ts";
import type { ServedModel } from "../engine/client/served-models.ts";
import type { Engine } from "../engine/engine.ts";
import { AbtieError } from "../errors.ts";
import type { Clock } from "../types.ts";

/** Time (ms) without a request in flight after which a server may have been replaced unnoticed. */
const IDLE_MS = 5_000;
/** How often a list that the server refuses is asked for, and the pause (ms) after the first time, which doubles. */
const LIST_TRIES = 4;
const LIST_PAUSE_MS = 500;

/**
 * Guards the requests to one engine: before a request is sent, the server is asked which model it lists if it may have been replaced
 * since the last answer. It may after a failed request, and after five seconds in which nothing was in flight. A server that is started again fast
 * enough would otherwise go on under the same address and name with other weights. A server that answers and gives no list counts
 * as lost: it would fail every request, and an engine that is brought back is asked anew.
 */
export interface ModelWatch {
  /** Sends a request. Throws RequestError("wrong-model"), before the request is sent, when the server lists another model now, and AbtieError("engine") when it gives no list. */
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
  /** Asks again for a list that a server refuses: a gateway does so for a moment. */
  const ask = async (signal: AbortSignal): Promise<ServedModel | null> => {
    for (let tries = 1; ; tries += 1) {
      try {
        return await list(signal);
      } catch (error) {
        if (!isRefusal(error)) throw error;
        if (tries === LIST_TRIES) {
          throw new AbtieError("engine", `The server does not say any more which models it serves: ${error.message}`);
        }
        await clock.sleep(LIST_PAUSE_MS * 2 ** (tries - 1), signal);
      }
    }
  };
  const check = async (signal: AbortSignal): Promise<void> => {
    const seen = failures;
    const listed = await ask(signal);
    // A router lists no model while its server is away, so that the model may still come back.
    if (listed === null) throw new RequestError("connection", "The server does not list the model any more.");
    const difference = differs(listed);
    if (difference !== null) throw new RequestError("wrong-model", difference);
    checkedFailures = Math.max(checkedFailures, seen);
    answeredAt = clock.monotonic();
  };

  let checking: Promise<void> | null = null;
  /** All requests wait for one check. When it ends with the request that began it, another request begins the next. */
  const checkOnce = async (signal: AbortSignal): Promise<void> => {
    if (checking === null) {
      checking = check(signal).finally(() => {
        checking = null;
      });
      return checking;
    }
    try {
      await orAbort(checking, signal);
    } catch (error) {
      if (signal.aborted || error instanceof RequestError || error instanceof AbtieError) throw error;
    }
  };

  return {
    guard: async (send, signal) => {
      while (isDue()) await checkOnce(signal);
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

/** The server, or what stands before it, has answered, and has given no list. */
function isRefusal(error: unknown): error is RequestError {
  return error instanceof RequestError && error.kind !== "connection" && error.kind !== "timeout";
}

/** Waits for work of another request, no longer than the own one is wanted. */
function orAbort<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason);
    if (signal.aborted) return onAbort();
    signal.addEventListener("abort", onAbort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", onAbort));
  });
}

/** A refusal comes from the server that was asked; after every other failure another server may listen there. */
function mayBeReplaced(error: unknown): boolean {
  return error instanceof RequestError && error.kind !== "too-long" && error.kind !== "bad-request";
}
