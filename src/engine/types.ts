/** The four ways in which a server can be asked for the log probabilities of given tokens, best first. */
export const METHODS = ["logprob_token_ids", "allowed_token_ids", "logit_bias", "top_logprobs"] as const;
export type Method = (typeof METHODS)[number];

/** What one answer says about the tokens that were asked for. */
export interface TokenLogProbs {
  /** Log probability (nats) by token id; -Infinity where the server said so. Holds no other ids than those asked for. */
  readonly logProbs: ReadonlyMap<number, number>;
  /** Upper bound (nats) for an asked id that is not in the map; null when every asked id is in the map by construction. */
  readonly bound: number | null;
  /** True when the numbers are over the whole vocabulary, false when they are relative to the tokens asked for. */
  readonly absolute: boolean;
}

/** A histogram of vLLM as its total and its number of observations, in seconds. */
export interface Summary {
  readonly seconds: number;
  readonly count: number;
}

/** The server's own figures, summed over its engines; null where this server does not report one. Counters count from its start. */
export interface EngineMetrics {
  readonly running: number | null;
  readonly waiting: number | null;
  /** Share of the key-value cache in use, 0 to 1, of the fullest engine. */
  readonly kvCacheUsage: number | null;
  /** Tokens looked up in the prefix cache, and those found there. */
  readonly prefixCacheQueries: number | null;
  readonly prefixCacheHits: number | null;
  readonly preemptions: number | null;
  readonly promptTokens: number | null;
  readonly queueTime: Summary | null;
  readonly prefillTime: Summary | null;
  readonly requestLatency: Summary | null;
  /** Steps that the engine has computed, and the tokens in them. */
  readonly steps: { readonly tokens: number; readonly count: number } | null;
}

/** What a body for the server's /tokenize holds: one text, or chat messages. */
export type TokenizeBody = Readonly<Record<string, unknown>>;

/** A running OpenAI-compatible server, spawned by abtie or found running. Disposing it stops a spawned one. */
export interface Engine extends AsyncDisposable {
  /** Root of the server, without a path below it, for example http://127.0.0.1:8000. */
  readonly baseUrl: string;
  /** The name under which requests ask for the model. */
  readonly model: string;
  /** What /version says; null when the server has no such page. */
  readonly version: string | null;
  /** Largest number of prompt plus output tokens; null when the server does not say. */
  readonly maxModelLen: number | null;
  readonly method: Method;
  /** One line for each method that was tried before, with what the server answered. */
  readonly tried: readonly string[];
  /** Aborts with an AbtieError("engine") when the process of a spawned server has ended without being asked to. */
  readonly died: AbortSignal;
  /** Where a spawned server's output goes; null for one that was found running. */
  readonly logFile: string | null;
  /**
   * Asks for the log probabilities of `ids` as the next token after each prompt, in one HTTP request.
   * Answers in the order of the prompts. With a salt the server does not use what it has computed for another one or for
   * none. Throws a RequestError, or the signal's reason when it aborts.
   */
  readonly score: (
    prompts: readonly (readonly number[])[],
    ids: readonly number[],
    signal: AbortSignal,
    cacheSalt?: string,
  ) => Promise<TokenLogProbs[]>;
  /** Token ids that the server's own tokenizer gives. Throws a RequestError. */
  readonly tokenize: (body: TokenizeBody, signal?: AbortSignal) => Promise<number[]>;
  /** The server's own figures; null when it reports none. */
  readonly metrics: (signal?: AbortSignal) => Promise<EngineMetrics | null>;
  /** True when the server says that it is healthy: a flag, which a hung server still shows. */
  readonly healthy: (signal?: AbortSignal) => Promise<boolean>;
}

/** A real prompt and real label ids, with which the methods are tried. */
export interface ProbeInput {
  readonly prompt: readonly number[];
  /** At least two different token ids. */
  readonly ids: readonly number[];
  /** The decoded text of a token, for servers that name tokens by their text; undefined for a token it does not know. */
  readonly textOf?: (id: number) => string | undefined;
}
