import type { TokenizeBody } from "../prompt/tokenizer/server.ts";
import type { Method, TokenLogProbs } from "./capabilities/dialects.ts";
import type { EngineMetrics } from "./capabilities/metrics.ts";

/** A running OpenAI-compatible server, spawned by abtie or found running. Disposing it stops a spawned one. */
export interface Engine extends AsyncDisposable {
  /** Root of the server, without a path below it, for example http://127.0.0.1:8000. */
  readonly baseUrl: string;
  /** The name under which requests ask for the model. */
  readonly model: string;
  /** The version that the server reports; null when it has no such page. */
  readonly version: string | null;
  /** Context length: prompt plus output tokens at most; null when the server does not report it. */
  readonly maxModelLen: number | null;
  /** The way in which this server gives log probabilities of chosen tokens. */
  readonly method: Method;
  /** One line for each better method that the server refused, with its answer. */
  readonly tried: readonly string[];
  /** Aborts with AbtieError("engine") when the process of a spawned server has ended although nobody stopped it. */
  readonly died: AbortSignal;
  /** File with the output of a spawned server; null for one that was found running. */
  readonly logFile: string | null;
  /**
   * Asks for the log probabilities of `ids` as the next token after each prompt, in one HTTP request. Answers in the order
   * of the prompts. With a salt, the server reuses computed prefixes only from requests with the same salt.
   * Throws a RequestError, or the signal's reason when it aborts.
   */
  readonly score: (
    prompts: readonly (readonly number[])[],
    ids: readonly number[],
    signal: AbortSignal,
    cacheSalt?: string,
  ) => Promise<TokenLogProbs[]>;
  /** Tokenises with the server's own tokenizer. Throws a RequestError. */
  readonly tokenize: (body: TokenizeBody, signal?: AbortSignal) => Promise<number[]>;
  /** Reads the server's own metrics; null when it reports none. */
  readonly metrics: (signal?: AbortSignal) => Promise<EngineMetrics | null>;
  /** True when the server reports that it is healthy, which a hung server still does. */
  readonly healthy: (signal?: AbortSignal) => Promise<boolean>;
}
