import { RequestError } from "../engine/client/request-error.ts";
import type { EngineOptions } from "../engine/life/open-engine.ts";
import { messageOf } from "../errors.ts";
import { formatDuration } from "../format.ts";
import { DEFAULT_RETRY, retryDelay } from "../schedule/backoff.ts";
import type { Clock } from "../types.ts";
import { classifyRequestError } from "./classify-request-error.ts";

/** Longest time (ms) over which the first requests to one engine are repeated, from the first failure on. */
const LIMIT_MS = 120_000;
/** Attempts of a request that fails by itself: a server may answer HTTP 500 to fields that it does not know, and always will. */
const ATTEMPTS = 4;

/**
 * Creates a function that repeats the first requests to an engine (tokenising, warm-up, choice of the dialect) as later ones are
 * repeated: one refusal for lack of capacity, one HTTP 500 or one broken connection must not end a run before it began, or make it
 * use a worse dialect. A refusal that would come again is thrown at once.
 */
export function createFirstRequests(options: {
  clock: Clock;
  random: () => number;
  onProgress: (text: string) => void;
}): NonNullable<EngineOptions["repeat"]> {
  const { clock, random, onProgress } = options;
  let firstFailureAt: number | null = null;
  return async (send, signal) => {
    for (let failures = 1; ; failures += 1) {
      try {
        return await send();
      } catch (error) {
        signal.throwIfAborted();
        const now = clock.monotonic();
        firstFailureAt ??= now;
        const delayMs = firstRequestDelay(error, { failures, elapsedMs: now - firstFailureAt, random });
        if (delayMs === null) throw error;
        onProgress(`${messageOf(error)} Trying again in ${formatDuration(delayMs)} (attempt ${failures + 1})`);
        await clock.sleep(delayMs, signal);
      }
    }
  };
}

/** Decides how long (ms) to wait before a failed first request is sent again; null when it is not. */
export function firstRequestDelay(
  error: unknown,
  { failures, elapsedMs, random }: { failures: number; elapsedMs: number; random: () => number },
): number | null {
  // The dialects are tried: an answer that cannot be used, or that does not come, says that the server lacks one of them.
  if (!(error instanceof RequestError) || error.kind === "malformed" || error.kind === "timeout") return null;
  const failure = classifyRequestError(error);
  if (failure.kind !== "retry" || (failure.blame === "batch" && failures >= ATTEMPTS)) return null;
  const delayMs = retryDelay(failures, failure.afterMs, DEFAULT_RETRY, random);
  return elapsedMs + delayMs > LIMIT_MS ? null : delayMs;
}
