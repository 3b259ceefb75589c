import { AbtieError } from "../../errors.ts";
import type { Clock } from "../../types.ts";
import type { Client } from "../client/client.ts";
import { RequestError } from "../client/request-error.ts";
import type { ServedModel } from "../client/served-models.ts";
import { OPTIONAL_PAGE_MS } from "./optional-pages.ts";

export interface ReadinessOptions {
  readonly client: Client;
  readonly clock: Clock;
  readonly baseUrl: string;
  /** Longest time to wait in all, in ms, including refused and unanswered connections; 0: only one attempt is made. */
  readonly limitMs: number;
  /** The model that the config names. With it, a server that lists no models is used; null: the list is needed. */
  readonly model: string | null;
  readonly signal: AbortSignal;
  /** What to do when the server is not ready in time: a sentence. */
  readonly remedy: string;
  /** Called before each attempt. */
  readonly onTry?: () => Promise<void>;
}

/** A try with less time would fail for lack of time, which would hide the reason of the tries before. */
const SHORTEST_TRY_MS = 500;
const PAUSE_MS = 250;
const ONE_TRY_MS = 2_000;
/** Time limit (ms) when only one attempt is made: the server should be ready, but it may be busy. */
const ONLY_TRY_MS = 10_000;

/**
 * Waits until a server lists its models and does not report that it is starting, and returns the models. Throws
 * AbtieError("engine") when the time limit passes, the server refuses the key, or its address is wrong, and the signal's
 * reason when it aborts.
 */
export async function waitUntilReady(options: ReadinessOptions): Promise<readonly ServedModel[]> {
  const { client, clock, limitMs, model, signal } = options;
  const start = clock.monotonic();
  const left = (): number => limitMs - (clock.monotonic() - start);
  let problem: RequestError | null = null;
  for (;;) {
    await options.onTry?.();
    // On a busy machine the pause may last longer than the time that was left; the problem of the last try is then the reason.
    const timeoutMs = limitMs === 0 ? ONLY_TRY_MS : Math.min(ONE_TRY_MS, left());
    if (problem !== null && timeoutMs < SHORTEST_TRY_MS) throw tooLate(options, problem);
    try {
      const [starting, models] = await Promise.all([
        isStarting(client, { signal, timeoutMs: Math.min(OPTIONAL_PAGE_MS, timeoutMs) }),
        client.models({ signal, timeoutMs }).catch(asRequestError),
      ]);
      if (!(models instanceof RequestError)) {
        if (starting === null) return models;
        problem = starting;
      } else {
        problem = models;
      }
    } catch (error) {
      if (!(error instanceof RequestError)) throw error;
      problem = error;
    }
    if (problem.status === 401 || problem.status === 403) throw refused(options.baseUrl, problem);
    if (problem.kind === "wrong-address") throw new AbtieError("engine", problem.message, { cause: problem });
    // A gateway may have no list. If the model's name is known, the first request shows whether the model is served.
    if (model !== null && LISTS_NOTHING.has(problem.status ?? 0)) return [unlisted(model)];
    if (left() <= PAUSE_MS) {
      if (model !== null && problem.kind === "malformed") return [unlisted(model)];
      throw tooLate(options, problem);
    }
    await clock.sleep(PAUSE_MS, signal);
  }
}

/** Decides whether a request for the list of models failed because the server has none. */
export function hasNoList({ kind, status }: RequestError): boolean {
  return kind === "malformed" || LISTS_NOTHING.has(status ?? 0);
}

/** The statuses of a server that has no list of models. */
const LISTS_NOTHING: ReadonlySet<number> = new Set([404, 405, 501]);

/**
 * Returns the error of a server that reports by 503 on /health that it is not ready, else null. Any other answer says
 * nothing, because the page is not part of the OpenAI API, and a gateway may answer there in any way, or never.
 */
async function isStarting(
  client: Client,
  limits: { readonly signal: AbortSignal; readonly timeoutMs: number },
): Promise<RequestError | null> {
  try {
    const { status } = await client.page("/health", limits);
    return status === 503 ? new RequestError("overloaded", "/health: 503 (not ready).", { status }) : null;
  } catch (error) {
    if (error instanceof RequestError) return null;
    throw error;
  }
}

function asRequestError(error: unknown): RequestError {
  if (error instanceof RequestError) return error;
  throw error;
}

function unlisted(id: string): ServedModel {
  return { id, root: null, parent: null, maxModelLen: null, contextFrom: null };
}

/** Builds the error for a server that refuses the API key. */
export function refused(baseUrl: string, error: RequestError): AbtieError {
  return new AbtieError(
    "engine",
    `${baseUrl} refuses the API key (${error.message}). Set OPENAI_API_KEY to a key that is valid there; a key may also have expired.`,
    { cause: error },
  );
}

function tooLate({ baseUrl, limitMs, model, remedy }: ReadinessOptions, problem: RequestError): AbtieError {
  const seconds = (limitMs / 1_000).toFixed(limitMs < 10_000 ? 1 : 0);
  const noList =
    model === null && LISTS_NOTHING.has(problem.status ?? 0)
      ? " A server without a list of models needs the model's name in the config (engine.model)."
      : "";
  const text =
    limitMs === 0
      ? `No server is ready at ${baseUrl}: ${problem.message} ${remedy}`
      : `The server at ${baseUrl} was not ready within ${seconds} s. The last try: ${problem.message} ${remedy}`;
  return new AbtieError("engine", `${text}${noList}`, { cause: problem });
}
