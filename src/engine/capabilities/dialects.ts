import { sum } from "../../numbers/sums.ts";
import { type ChoiceLogProbs, keyOf, malformed, readLogProb } from "../client/answer.ts";

/** The four methods of asking a server for the log probabilities of chosen tokens, best first. */
export const METHODS = ["logprob_token_ids", "allowed_token_ids", "logit_bias", "top_logprobs"] as const;
export type Method = (typeof METHODS)[number];

/** The log probabilities of the requested tokens, each as the next token after one prompt. */
export interface TokenLogProbs {
  /** Log probability (nats) by token id; -Infinity where the server gives it. Contains only requested ids. */
  readonly logProbs: ReadonlyMap<number, number>;
  /** Upper bound (nats) for a requested id that is not in the map; null when the map contains every requested id. */
  readonly bound: number | null;
  /**
   * True when the probabilities are over the whole vocabulary, false when they are relative to the requested tokens.
   */
  readonly absolute: boolean;
}

/** One method of asking for the log probabilities of given tokens, and of reading the answer. */
export interface Dialect {
  readonly method: Method;
  /** The fields that this method adds to a request for one token at temperature 0. */
  readonly request: (ids: readonly number[]) => Readonly<Record<string, unknown>>;
  /** Reads one choice. Throws RequestError("malformed") when a token that the method always returns is missing. */
  readonly read: (choice: ChoiceLogProbs, ids: readonly number[]) => TokenLogProbs;
}

/**
 * Asks for exactly these tokens, over the whole vocabulary (vLLM 0.26 and newer, at most 128 ids). The server allows
 * the field only together with `logprobs`. Older servers ignore the field, so their answers lack some of the ids.
 */
export const logprobTokenIds: Dialect = {
  method: "logprob_token_ids",
  request: (ids) => ({ logprobs: 0, logprob_token_ids: ids }),
  read: readAbsolute,
};

/**
 * Forbids every token except the requested ones, and asks for as many log probabilities as there are requested tokens.
 * Works where the server reads log probabilities after the mask: vLLM with --logprobs-mode processed_logprobs, and
 * vLLM's first engine (V0).
 */
export const allowedTokenIds: Dialect = {
  method: "allowed_token_ids",
  request: (ids) => ({ logprobs: ids.length, allowed_token_ids: ids }),
  read: readRelative,
};

/**
 * Raises the requested tokens above all others. Serves servers that read log probabilities after the bias but have no
 * mask.
 */
export const logitBias: Dialect = {
  method: "logit_bias",
  request: (ids) => ({ logprobs: ids.length, logit_bias: Object.fromEntries(ids.map((id) => [String(id), BIAS])) }),
  read: readRelative,
};

/**
 * The largest bias that the protocol allows. e^100 leaves no probability for any other token. Every label gets the same
 * bias.
 */
const BIAS = 100;

/**
 * Asks for the `k` most likely tokens and reads the requested ones among them; the other requested tokens get an upper
 * bound. `name` gives the key of a token in the server's list: token_id:N, or the token's text for a server that lists
 * tokens by their text.
 */
export function topLogprobs(k: number, name: (id: number) => string | undefined = keyOf): Dialect {
  return {
    method: "top_logprobs",
    request: () => ({ logprobs: k }),
    read: (choice, ids) => readTop(choice, ids, k, name),
  };
}

/** Tolerance for the sum of probabilities, because float32 rounds them. */
const TOLERANCE = 1e-3;

/** Reads probabilities over the whole vocabulary. Throws when a requested token is missing. */
function readAbsolute(choice: ChoiceLogProbs, ids: readonly number[]): TokenLogProbs {
  const logProbs = readEvery(choice, ids);
  if (massOf(logProbs) > 1 + TOLERANCE) throw malformed("gives the labels more than all of the probability", choice);
  return { logProbs, bound: null, absolute: true };
}

/**
 * Reads probabilities that the server normalised over the requested tokens. Every requested token must be present, and
 * the probabilities must sum to 1.
 */
function readRelative(choice: ChoiceLogProbs, ids: readonly number[]): TokenLogProbs {
  const logProbs = readEvery(choice, ids);
  const mass = massOf(logProbs);
  if (Math.abs(mass - 1) > TOLERANCE) {
    throw malformed(`gives the labels ${mass.toPrecision(3)} of the probability, where 1 was expected`, choice);
  }
  return { logProbs, bound: null, absolute: false };
}

function readEvery(choice: ChoiceLogProbs, ids: readonly number[]): ReadonlyMap<number, number> {
  const logProbs = new Map<number, number>();
  for (const id of ids) {
    const value = readLogProb(choice, keyOf(id));
    if (value === undefined) throw malformed(`lacks token ${id}`, choice);
    logProbs.set(id, value);
  }
  return logProbs;
}

function massOf(logProbs: ReadonlyMap<number, number>): number {
  return sum([...logProbs.values()].map(Math.exp));
}

function readTop(
  choice: ChoiceLogProbs,
  ids: readonly number[],
  k: number,
  name: (id: number) => string | undefined,
): TokenLogProbs {
  const logProbs = new Map<number, number>();
  const idByKey = new Map<string, number>();
  for (const id of ids) {
    const key = name(id);
    if (key === undefined) throw malformed(`lists tokens by text, and the text of token ${id} is unknown`, choice);
    const other = idByKey.get(key);
    if (other !== undefined && other !== id) {
      throw malformed(`cannot tell the tokens ${other} and ${id} apart: both are ${JSON.stringify(key)}`, choice);
    }
    idByKey.set(key, id);
    const value = readLogProb(choice, key);
    if (value !== undefined) logProbs.set(id, value);
  }
  return { logProbs, bound: boundOfAbsent(choice, k), absolute: true };
}

/**
 * Largest absolute error of the sum of the listed probabilities, because the server computes its softmax over the
 * vocabulary in float32.
 */
const SUM_ROUNDING = 1e-5;

/**
 * Computes an upper bound for every token that is not listed, from two facts. First, the list contains the k most
 * likely tokens, so a token outside the list is at most as likely as the k-th. Second, all probabilities sum to 1, so a
 * token outside the list has at most 1 minus the sum of the listed ones. The k-th token is used, not the last one,
 * because a server may append the sampled token to the k tokens.
 */
function boundOfAbsent(choice: ChoiceLogProbs, k: number): number {
  const listed = Object.keys(choice).map((key) => readLogProb(choice, key) ?? Number.NEGATIVE_INFINITY);
  listed.sort((one, other) => other - one);
  const kth = listed[Math.min(k, listed.length) - 1];
  if (kth === undefined) throw malformed("lists no token", choice);
  const rest = 1 - sum(listed.map(Math.exp));
  return Math.min(kth, Math.log(Math.max(rest, 0) + SUM_ROUNDING));
}
