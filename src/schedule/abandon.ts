import type { Clock } from "../types.ts";

/**
 * Waits for work that was given this signal. After the signal aborts the work has graceMs to settle by itself; then it is
 * left behind, its late result or error ignored, and the signal's reason is thrown: a hung server must not hold the clock.
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
