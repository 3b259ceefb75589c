/** The log probabilities of the requested tokens, each as the next token after one prompt; of a classifier, those of its classes. */
export interface TokenLogProbs {
  /** Log probability (nats) by token id, or by the number of a class; -Infinity where the server gives it. Contains only requested ids. */
  readonly logProbs: ReadonlyMap<number, number>;
  /** Upper bound (nats) for a requested id that is not in the map; null when the map contains every requested id. */
  readonly bound: number | null;
  /**
   * True when the probabilities are over the whole vocabulary, false when they are relative to the requested tokens.
   */
  readonly absolute: boolean;
  /** The name that the server gives to the most likely class of a classifier; null or absent when it gives none. */
  readonly named?: string | null;
}

/** A question to a server: the log probabilities of `ids` (tokens that may come next, or classes) after each prompt. */
export interface Question {
  readonly model: string;
  readonly prompts: readonly (readonly number[])[];
  /** Token ids; for a classifier the numbers of its classes, counted from 0. */
  readonly ids: readonly number[];
  /** With a salt, the server reuses computed prefixes only from requests with the same salt. */
  readonly cacheSalt: string | null;
}

/** One POST request: a path behind the root of the server, and its body before it is written as JSON. */
export interface DialectRequest {
  readonly path: string;
  readonly body: Readonly<Record<string, unknown>>;
}

/** One way to ask a server for the log probabilities of given tokens, and to read its answers. */
export interface Dialect {
  /** The requests for one question. They are sent one after another, so that a later one finds the prompts in the cache. */
  readonly requests: (question: Question) => readonly DialectRequest[];
  /**
   * Reads the answers to these requests; returns one result for each prompt. Throws RequestError("malformed") when a token
   * that this dialect always returns is missing.
   */
  readonly read: (answers: readonly unknown[], question: Question) => readonly TokenLogProbs[];
}

/** A real prompt and real label ids. The dialects are tried with them. */
export interface ProbeInput {
  readonly prompt: readonly number[];
  /** At least two different ids, of tokens or of classes. */
  readonly ids: readonly number[];
  /**
   * Gives the decoded text of a token, because some servers list tokens by their text; undefined for a token without
   * text.
   */
  readonly textOf?: (id: number) => string | undefined;
  /** Throws AbtieError when the answer to this prompt shows another model than the one that was meant. */
  readonly check?: (answer: TokenLogProbs) => void;
}

/** Asks for `ids` after the probe's prompt in a dialect, and returns what it reads. */
export type Ask = (dialect: Dialect, ids: readonly number[]) => Promise<TokenLogProbs>;

/** A dialect as the table lists it. */
export interface DialectEntry {
  /** The feature of the server that the dialect needs, in the words of the server's command line. */
  readonly needs: string;
  /** The part of the truth that its numbers lack, in words for a warning; null when they lack nothing. */
  readonly lacks: string | null;
  /**
   * True when the dialect asks on a page outside /v1. A server without that page may answer there in any way, also late or
   * never, so the trial has a short time limit, and every failure of it counts as a refusal.
   */
  readonly outside: boolean;
  /** Proves by real requests that the server speaks the dialect. Throws a RequestError when it does not. */
  readonly find: (ask: Ask, input: ProbeInput) => Promise<Dialect>;
}

/** Makes `find` for a dialect whose answers name the requested ids, so that one answer that can be read proves it. */
export function provedByAnswer(dialect: Dialect): DialectEntry["find"] {
  return async (ask, { ids }) => {
    await ask(dialect, ids);
    return dialect;
  };
}
