import type { Clock } from "../types.ts";

/**
 * Waits for work that was started with this signal. After the signal aborts, the work has graceMs (ms) to settle. Then its
 * result or error is ignored and the signal's reason is thrown, because a server that hangs must not delay the end.
 */
export function settleOrAbandon<V>(work: Promise<V>, signal: AbortSignal, clock: Clock, graceMs: number): Promise<V> {
  return new Promise<V>((resolve, reject) => {
    let grace: AbortController | undefined;
    const onAbort = (): void => {
      grace = new AbortController();
      clock.sleep(graceMs, grace.signal).then(
        () => reject(signal.reason),
        () => {},
      );
    };
    const finish = (): void => {
      signal.removeEventListener("abort", onAbort);
      grace?.abort();
    };
    void work.then(resolve, reject).then(finish);
    if (signal.aborted) onAbort();
    else signal.addEventListener("abort", onAbort, { once: true });
  });
}
