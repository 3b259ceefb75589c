import { setMaxListeners } from "node:events";
import type { Clock } from "../../types.ts";
import { RequestError } from "./request-error.ts";

/** Given as the reason, because a signal without one makes an error with a stack for each request. */
const ENDED = new Error("the request has ended");

/**
 * Runs `work` with a signal that aborts when the caller's signal aborts, or after `ms`. Throws RequestError("timeout")
 * when the time is over, and the caller's reason when the caller aborted, also while `work` does not heed the signal yet: undici
 * opens a connection to its end first. Removes its listeners at the end, because a signal that lives as long as the run would
 * otherwise keep one listener for every request.
 */
export async function withTimeLimit<T>(
  options: {
    readonly clock: Clock;
    readonly ms: number;
    readonly signal: AbortSignal | undefined;
    readonly what: string;
  },
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const { clock, ms, signal, what } = options;
  signal?.throwIfAborted();
  const inner = new AbortController();
  const settled = new AbortController();
  const forward = (): void => inner.abort(signal?.reason);
  if (signal !== undefined) {
    // The signal has one listener for each request in flight, which is no leak. Node would warn from the eleventh
    // listener on.
    setMaxListeners(0, signal);
    signal.addEventListener("abort", forward, { once: true });
  }
  clock.sleep(ms, settled.signal).then(
    () => inner.abort(new RequestError("timeout", `${what} took longer than ${ms} ms.`)),
    () => undefined,
  );
  // It rejects before `work` does, since its listener is the first. Libraries wrap an abort in their own errors; the signal's reason
  // distinguishes the caller's abort from the time limit.
  const aborted = new Promise<never>((_, reject) => {
    inner.signal.addEventListener("abort", () => reject(inner.signal.reason), { once: true });
  });
  try {
    return await Promise.race([work(inner.signal), aborted]);
  } finally {
    signal?.removeEventListener("abort", forward);
    settled.abort(ENDED);
  }
}
