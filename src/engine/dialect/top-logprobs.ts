import { type ChoiceLogProbs, keyOf, malformed, readLogProb } from "../answer.ts";
import type { TokenLogProbs } from "../types.ts";
import type { Dialect } from "./dialect.ts";

/** Rounding of a float32 softmax over a vocabulary, as an absolute error of the listed tokens' sum. */
const ROUNDING = 1e-5;

/**
 * Asks for the `k` most likely tokens and reads the asked ones among them, with an upper bound for those that are not.
 * `name` gives the key under which the server lists a token: token_id:N unless the server only knows texts.
 */
export function topLogprobs(k: number, name: (id: number) => string | undefined = keyOf): Dialect {
  return {
    method: "top_logprobs",
    request: () => ({ logprobs: k }),
    read: (choice, ids) => readTop(choice, ids, k, name),
  };
}

function readTop(
  choice: ChoiceLogProbs,
  ids: readonly number[],
  k: number,
  name: (id: number) => string | undefined,
): TokenLogProbs {
  const logProbs = new Map<number, number>();
  const names = new Map<string, number>();
  for (const id of ids) {
    const key = name(id);
    if (key === undefined) throw malformed(`names tokens by text, and the text of token ${id} is not known`, choice);
    if ((names.get(key) ?? id) !== id) {
      throw malformed(
        `cannot tell the tokens ${names.get(key)} and ${id} apart: both are ${JSON.stringify(key)}`,
        choice,
      );
    }
    names.set(key, id);
    const value = readLogProb(choice, key);
    if (value !== undefined) logProbs.set(id, value);
  }
  return { logProbs, bound: boundOfAbsent(choice, k), absolute: true };
}

/**
 * An upper bound for every token that is not listed. Two facts give it: the list holds the k most likely tokens, so an
 * absent one is at most as likely as the k-th; and all probabilities sum to 1, so an absent one has at most what the listed
 * ones leave. The k-th, not the last: a server may append the sampled token beyond the k.
 */
function boundOfAbsent(choice: ChoiceLogProbs, k: number): number {
  const listed: number[] = [];
  for (const key of Object.keys(choice)) listed.push(readLogProb(choice, key) ?? Number.NEGATIVE_INFINITY);
  listed.sort((a, b) => b - a);
  const kth = listed[Math.min(k, listed.length) - 1];
  if (kth === undefined) throw malformed("lists no token", choice);
  const sum = listed.reduce((total, value) => total + Math.exp(value), 0);
  return Math.min(kth, Math.log(Math.max(1 - sum, 0) + ROUNDING));
}
