import type { Effects } from "../effects.ts";
import { AbtieError, messageOf } from "../errors.ts";
import type { ServerText } from "../prompt/tokenizer/server.ts";
import { DEFAULT_RETRY, retryDelay } from "../schedule/backoff.ts";
import { classifyRequestError } from "./classify-request-error.ts";

/** Every prompt waits for its tokens, so a server's retry-after is obeyed for at most 5 s. */
const RETRY = { ...DEFAULT_RETRY, afterCapMs: 5_000 };

/**
 * Chooses the server for each /tokenize and /detokenize request of a run in which only the server has the tokenizer, because engines may be
 * lost and replaced during the run.
 */
export interface TokenizeRoute {
  /**
   * Returns functions that send requests to the server `starting`, but to the engines once `use` was called. If `via` is
   * called after `use`, a server is being started again, and the functions always send requests to this server.
   */
  readonly via: (starting: ServerText) => ServerText;
  /** Sends later requests to the listed engines, to one after another until one answers. */
  readonly use: (engines: () => readonly ServerText[]) => void;
}

type Ask<T> = (server: ServerText, signal?: AbortSignal) => Promise<T>;

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
  let engines: (() => readonly ServerText[]) | null = null;

  const askInTurn = async <T>(list: () => readonly ServerText[], ask: Ask<T>): Promise<T> => {
    for (let failures = 0; ; ) {
      signal.throwIfAborted();
      const current = list();
      const engine = current[failures % current.length];
      if (engine === undefined) throw new Error("a run has at least one engine");
      try {
        return await ask(engine, signal);
      } catch (error) {
        signal.throwIfAborted();
        failures += 1;
        await clock.sleep(delayAfter(error, failures, random), signal);
      }
    }
  };
  return {
    via: (starting) => {
      if (engines !== null) return { tokenize: starting.tokenize, detokenize: starting.detokenize };
      const route = <T>(ask: Ask<T>): Promise<T> => (engines === null ? ask(starting) : askInTurn(engines, ask));
      return {
        tokenize: (body) => route((server, own) => server.tokenize(body, own)),
        detokenize: (ids) => route((server, own) => server.detokenize(ids, own)),
      };
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
      return retryDelay(failures, failure.afterMs, RETRY, random);
    case "engine-lost":
      return retryDelay(failures, undefined, DEFAULT_RETRY, random);
    case "split":
    case "final": {
      const message = messageOf(error);
      throw new AbtieError(
        "engine",
        `the server refuses to tokenise a prompt: ${message}. Name the folder of the model's tokenizer as engine.tokenizer`,
        { cause: error },
      );
    }
    default:
      return failure satisfies never;
  }
}
