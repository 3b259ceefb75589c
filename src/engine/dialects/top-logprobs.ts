import { sum } from "../../numbers/sums.ts";
import { malformed } from "../client/malformed.ts";
import { RequestError } from "../client/request-error.ts";
import { completionRequest, readEach } from "./completions.ts";
import type { Ask, Dialect, DialectEntry, ProbeInput, TokenLogProbs } from "./dialect.ts";
import { type ListedToken, listedTokens, refuseExcess } from "./log-probs.ts";

/** The settings of one way to ask for the most likely tokens. */
interface TopSettings {
  /** Number of tokens to ask for. */
  readonly count: number;
  /** True when vLLM's field for token ids in place of texts is sent; some servers refuse a field that they do not know. */
  readonly idsAsked: boolean;
  readonly textOf: ProbeInput["textOf"];
}

/**
 * Asks for the most likely tokens and reads the requested ones among them; the other requested tokens get an upper bound.
 * A server that lists its tokens by text needs `textOf`.
 */
export function topLogprobs({ count, idsAsked, textOf }: TopSettings): Dialect {
  const fields = idsAsked ? { logprobs: count, return_tokens_as_token_ids: true } : { logprobs: count };
  return {
    requests: (question) => [completionRequest(question, fields)],
    read: (answers, question) =>
      readEach(answers, question, (choice) => readTop(listedTokens(choice), question.ids, count, textOf)),
  };
}

export const topLogprobsEntry: DialectEntry = {
  needs: "--max-logprobs 20",
  lacks: "a label outside the most likely tokens gets an upper bound",
  outside: false,
  find: async (ask, input) => {
    try {
      return await findCount(ask, input, true);
    } catch (error) {
      if (!isBadRequest(error)) throw error;
      return findCount(ask, input, false);
    }
  },
};

/** The numbers of tokens to ask for. vLLM allows 20 by default; other servers allow fewer. */
const TOP_COUNTS = [20, 10, 5, 1] as const;

async function findCount(ask: Ask, { ids, textOf }: ProbeInput, idsAsked: boolean): Promise<Dialect> {
  let refusal: RequestError | undefined;
  let allowed = Number.POSITIVE_INFINITY;
  for (const most of TOP_COUNTS) {
    try {
      const dialect = topLogprobs({ count: Math.min(most, allowed), idsAsked, textOf });
      await ask(dialect, ids);
      return dialect;
    } catch (error) {
      if (!isBadRequest(error)) throw error;
      refusal = error;
      const limit = /max(?:imum)? allowed:? (\d+)/i.exec(error.message)?.[1];
      if (limit !== undefined && Number(limit) > 0) allowed = Number(limit);
    }
  }
  throw refusal;
}

function isBadRequest(error: unknown): error is RequestError {
  return error instanceof RequestError && error.kind === "bad-request";
}

function readTop(
  listed: readonly ListedToken[],
  ids: readonly number[],
  count: number,
  textOf: ProbeInput["textOf"],
): TokenLogProbs {
  const byText = listed.some(({ id }) => id === null);
  const found = byText ? findByText(listed, ids, textOf) : findById(listed, ids);
  const logProbs = new Map(found.flatMap(([id, token]) => (token === undefined ? [] : [[id, token.logProb]])));
  refuseExcess(logProbs, listed);
  return { logProbs, bound: boundOfAbsent(listed, count), absolute: true };
}

type Found = readonly (readonly [id: number, token: ListedToken | undefined])[];

function findById(listed: readonly ListedToken[], ids: readonly number[]): Found {
  return ids.map((id) => [id, listed.find((token) => token.id === id)]);
}

function findByText(listed: readonly ListedToken[], ids: readonly number[], textOf: ProbeInput["textOf"]): Found {
  if (textOf === undefined) {
    throw malformed(
      "lists its tokens by text, and their ids are unknown (engine.tokenizer, a folder with the model's tokenizer.json, gives them)",
      listed,
    );
  }
  const idByText = new Map<string, number>();
  return ids.map((id) => {
    const text = textOf(id);
    if (text === undefined) throw malformed(`lists tokens by text, and the text of token ${id} is unknown`, listed);
    const other = idByText.get(text) ?? id;
    if (other !== id) {
      throw malformed(`cannot tell the tokens ${other} and ${id} apart: both are ${JSON.stringify(text)}`, listed);
    }
    idByText.set(text, id);
    const named = listed.filter((token) => token.text === text);
    if (named.length > 1) throw malformed(`lists two tokens with the text ${JSON.stringify(text)}`, listed);
    return [id, named[0]];
  });
}

/**
 * Largest absolute error of the sum of the listed probabilities, because the server computes its softmax over the
 * vocabulary in float32.
 */
const SUM_ROUNDING = 1e-5;

/**
 * Computes an upper bound for every token that is not listed, from two facts. First, the list contains the `count` most
 * likely tokens, so a token outside the list is at most as likely as the last of these. Second, all probabilities sum to
 * 1, so a token outside the list has at most 1 minus the sum of the listed ones. The token at `count` is used, not the
 * last one, because a server may append the sampled token to the list.
 */
function boundOfAbsent(listed: readonly ListedToken[], count: number): number {
  const values = listed.map(({ logProb }) => logProb).sort((one, other) => other - one);
  const last = values[Math.min(count, values.length) - 1];
  if (last === undefined) throw malformed("lists no token", listed);
  const rest = 1 - sum(values.map(Math.exp));
  return Math.min(last, Math.log(Math.max(rest, 0) + SUM_ROUNDING));
}
