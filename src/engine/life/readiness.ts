import { AbtieError } from "../../errors.ts";
import type { Clock } from "../../types.ts";
import type { Client } from "../client/client.ts";
import { RequestError } from "../client/request-error.ts";
import type { ServedModel } from "../client/served-models.ts";

export interface ReadinessOptions {
  readonly client: Client;
  readonly clock: Clock;
  readonly baseUrl: string;
  /** Longest time to wait in all, in ms, including refused and unanswered connections; 0: only one attempt is made. */
  readonly limitMs: number;
  readonly signal: AbortSignal;
  /** Called before each attempt. */
  readonly onTry?: () => Promise<void>;
}

const PAUSE_MS = 250;
const ONE_TRY_MS = 2_000;
/** Time limit (ms) when only one attempt is made: the server should be ready, but it may be busy. */
const ONLY_TRY_MS = 10_000;

/**
 * Waits until a server reports that it is healthy, and returns the models that it lists. Throws AbtieError("engine")
 * when the time limit passes or the server refuses the key, and the signal's reason when it aborts.
 */
export async function waitUntilReady(options: ReadinessOptions): Promise<readonly ServedModel[]> {
  const { client, clock, limitMs, signal } = options;
  const start = clock.monotonic();
  const left = (): number => limitMs - (clock.monotonic() - start);
  for (;;) {
    await options.onTry?.();
    let problem: RequestError;
    try {
      const ms = limitMs === 0 ? ONLY_TRY_MS : Math.min(ONE_TRY_MS, left());
      // A server other than vLLM may lack /health (then `page` returns null). Its list of models is sufficient proof
      // that it is ready.
      await client.page("/health", signal, ms);
      return await client.models(signal, ms);
    } catch (error) {
      if (!(error instanceof RequestError)) throw error;
      if (error.status === 401 || error.status === 403) throw refused(options.baseUrl, error);
      problem = error;
    }
    if (left() <= PAUSE_MS) throw tooLate(options, problem);
    await clock.sleep(PAUSE_MS, signal);
  }
}

/** Builds the error for a server that refuses the API key. */
export function refused(baseUrl: string, error: RequestError): AbtieError {
  return new AbtieError(
    "engine",
    `${baseUrl} refuses the API key (${error.status}). Set OPENAI_API_KEY to the key it was started with.`,
    {
      cause: error,
    },
  );
}

function tooLate({ baseUrl, limitMs }: ReadinessOptions, problem: RequestError): AbtieError {
  const seconds = (limitMs / 1_000).toFixed(limitMs < 10_000 ? 1 : 0);
  const text =
    limitMs === 0
      ? `No server is ready at ${baseUrl}: ${problem.message} Start it, or correct the base URL.`
      : `The server at ${baseUrl} was not ready within ${seconds} s. The last try: ${problem.message}`;
  return new AbtieError("engine", text, { cause: problem });
}
