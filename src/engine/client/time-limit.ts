import { setMaxListeners } from "node:events";
import type { Clock } from "../../types.ts";
import { RequestError } from "./request-error.ts";

/**
 * Runs `work` with a signal that aborts when the caller's signal does, or after `ms`. Throws RequestError("timeout") when
 * the time is up, and the caller's reason when the caller aborted. Removes its listeners at the end: a signal that lives as
 * long as the run would otherwise collect one for every request.
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
    // One listener for each request in flight is no leak; Node warns of one from the eleventh listener on.
    setMaxListeners(0, signal);
    signal.addEventListener("abort", forward, { once: true });
  }
  const expired = new RequestError("timeout", `${what} took longer than ${ms} ms.`);
  clock.sleep(ms, settled.signal).then(
    () => inner.abort(expired),
    () => undefined,
  );
  try {
    return await work(inner.signal);
  } catch (error) {
    // Libraries wrap an abort in errors of their own; the reason tells the caller's abort from the time limit.
    if (inner.signal.aborted) throw inner.signal.reason;
    throw error;
  } finally {
    signal?.removeEventListener("abort", forward);
    settled.abort();
  }
}
