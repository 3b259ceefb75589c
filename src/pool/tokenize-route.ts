import type { Effects } from "../effects.ts";
import type { Engine } from "../engine/engine.ts";
import { AbtieError, messageOf } from "../errors.ts";
import type { TokenizeBody } from "../prompt/server-tokenizer.ts";
import { DEFAULT_RETRY, retryDelay } from "../schedule/backoff.ts";
import { classifyRequestError } from "../schedule/classify.ts";

type Tokenize = (body: TokenizeBody) => Promise<number[]>;

/** Where tokens are asked for when the server has the only tokenizer: engines are lost and replaced while a run goes on. */
export interface TokenizeRoute {
  /** Asks this server, and from `use` on the engines in its place; a server that is being started again is asked itself. */
  readonly via: (starting: Tokenize) => Tokenize;
  /** From now on asks the engines that this lists, one after another until one answers. */
  readonly use: (engines: () => readonly Pick<Engine, "tokenize">[]) => void;
}

/**
 * Creates the route. Once engines are in use a failure that may pass is waited out, as long as the signal allows: a run must not
 * end because one question for tokens met a server that was just being started again. Throws AbtieError("engine") when
 * the server refuses, and the signal's reason when it aborts.
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
  const verdict = classifyRequestError(error);
  switch (verdict.kind) {
    case "retry":
      return retryDelay(failures, verdict.afterMs, DEFAULT_RETRY, random);
    case "engine-lost":
      return retryDelay(failures, undefined, DEFAULT_RETRY, random);
    case "split":
    case "final": {
      const message = messageOf(error);
      throw new AbtieError("engine", `the server refuses to tokenise a prompt: ${message}`, { cause: error });
    }
    default:
      return verdict satisfies never;
  }
}
