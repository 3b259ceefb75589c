import type { Effects } from "../effects.ts";
import type { Engine } from "../engine/engine.ts";
import { AbtieError, messageOf } from "../errors.ts";
import type { TokenizeBody } from "../prompt/tokenizer/server.ts";
import { DEFAULT_RETRY, retryDelay } from "../schedule/backoff.ts";
import { classifyRequestError } from "./classify-request-error.ts";

type Tokenize = (body: TokenizeBody) => Promise<number[]>;

/**
 * Chooses the server for each /tokenize request of a run in which only the server has the tokenizer, because engines may be
 * lost and replaced during the run.
 */
export interface TokenizeRoute {
  /**
   * Returns a function that sends requests to the server `starting`, but to the engines once `use` was called. If `via` is
   * called after `use`, a server is being started again, and the function always sends requests to this server.
   */
  readonly via: (starting: Tokenize) => Tokenize;
  /** Sends later requests to the listed engines, to one after another until one answers. */
  readonly use: (engines: () => readonly Pick<Engine, "tokenize">[]) => void;
}

/**
 * Creates the route. Once engines are in use, a request that failed for a reason that may pass is repeated until the signal
 * aborts, because a run must not end while a server is being started again. Throws AbtieError("engine") when the server refuses
 * the request, and the signal's reason when the signal aborts.
 */
export function createTokenizeRoute({
  clock,
  random,
  signal,
}: Pick<Effects, "clock" | "random" | "signal">): TokenizeRoute {
  let engines: (() => readonly Pick<Engine, "tokenize">[]) | null = null;

  const ask = async (list: () => readonly Pick<Engine, "tokenize">[], body: TokenizeBody): Promise<number[]> => {
    for (let failures = 0; ; ) {
      signal.throwIfAborted();
      const current = list();
      const engine = current[failures % current.length];
      if (engine === undefined) throw new Error("a run has at least one engine");
      try {
        return await engine.tokenize(body, signal);
      } catch (error) {
        signal.throwIfAborted();
        failures += 1;
        await clock.sleep(delayAfter(error, failures, random), signal);
      }
    }
  };
  return {
    via: (starting) => {
      if (engines !== null) return starting;
      return (body) => (engines === null ? starting(body) : ask(engines, body));
    },
    use: (list) => {
      engines = list;
    },
  };
}

function delayAfter(error: unknown, failures: number, random: () => number): number {
  const failure = classifyRequestError(error);
  switch (failure.kind) {
    case "retry":
      return retryDelay(failures, failure.afterMs, DEFAULT_RETRY, random);
    case "engine-lost":
      return retryDelay(failures, undefined, DEFAULT_RETRY, random);
    case "split":
    case "final": {
      const message = messageOf(error);
      throw new AbtieError("engine", `the server refuses to tokenise a prompt: ${message}`, { cause: error });
    }
    default:
      return failure satisfies never;
  }
}
