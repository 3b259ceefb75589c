import type { ServerText } from "../prompt/tokenizer/server.ts";
import type { EngineMetrics } from "./capabilities/metrics.ts";
import type { ServedModel } from "./client/served-models.ts";
import type { TokenLogProbs } from "./dialects/dialect.ts";
import type { Method } from "./dialects/table.ts";

/** A running OpenAI-compatible server, which abtie spawned or found running. Disposing a spawned server stops it. */
export interface Engine extends ServerText, AsyncDisposable {
  /** Root of the server, without a path after it, for example http://127.0.0.1:8000. */
  readonly baseUrl: string;
  /** The name of the model that every request contains. */
  readonly model: string;
  /** The model as the server lists it: its name, its weights and, of an adapter, its parent. */
  readonly served: ServedModel;
  /**
   * The name of the model that the answers bear; null when they bear none. A gateway may give its own name. An answer with
   * another name is a RequestError("wrong-model").
   */
  readonly answersAs: string | null;
  /** The version that the server reports; null when the server has no version page. */
  readonly version: string | null;
  /** Context length: the largest sum of prompt and output tokens; null when the server does not report it. */
  readonly maxModelLen: number | null;
  /** The method by which this server gives the log probabilities of chosen tokens. */
  readonly method: Method;
  /** One line for each better method that the server refused, with the server's answer. */
  readonly tried: readonly string[];
  /** Aborts with AbtieError("engine") when the process of a spawned server ends although abtie did not stop it. */
  readonly died: AbortSignal;
  /** File with the output of a spawned server; null for a server that was found running. */
  readonly logFile: string | null;
  /**
   * Asks for the log probabilities of `ids` as the next token after each prompt, in one HTTP request. Returns the
   * answers in the order of the prompts. With a salt, the server reuses computed prefixes only from requests that have
   * the same salt. Throws a RequestError, or the signal's reason when it aborts.
   */
  readonly score: (
    prompts: readonly (readonly number[])[],
    ids: readonly number[],
    signal: AbortSignal,
    cacheSalt?: string,
  ) => Promise<readonly TokenLogProbs[]>;
  /**
   * Sends another question about `prompts` prompts, with the name of the model added to the body, and returns the answer as JSON. Throws
   * a RequestError, also for the answer of another model, or the signal's reason when it aborts.
   */
  readonly post: (
    path: string,
    body: Readonly<Record<string, unknown>>,
    prompts: number,
    signal: AbortSignal,
  ) => Promise<unknown>;
  /**
   * Reads this model in the server's list again; null when the list lacks it now. If the server has no list, returns
   * `served`. Throws a RequestError, or the signal's reason when it aborts.
   */
  readonly listed: (signal: AbortSignal) => Promise<ServedModel | null>;
  /** Reads the server's own metrics; null when it reports none. */
  readonly metrics: (signal?: AbortSignal) => Promise<EngineMetrics | null>;
}
