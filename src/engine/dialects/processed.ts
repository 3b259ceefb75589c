import { completionRequest, readEach } from "./completions.ts";
import type { Dialect, DialectEntry } from "./dialect.ts";
import { listedTokens, readRelative } from "./log-probs.ts";

/**
 * Makes a dialect in which the server excludes all tokens but the requested ones before it reads log probabilities. `only`
 * gives the fields that exclude them. As many log probabilities are asked for as there are requested tokens.
 */
export function processedDialect(only: (ids: readonly number[]) => Readonly<Record<string, unknown>>): Dialect {
  return {
    requests: (question) => {
      const fields = { logprobs: question.ids.length, return_tokens_as_token_ids: true };
      return [completionRequest(question, { ...fields, ...only(question.ids) })];
    },
    read: (answers, question) =>
      readEach(answers, question, (choice) => readRelative(listedTokens(choice), question.ids)),
  };
}

/**
 * Proves that the server reads log probabilities after it applies the mask or bias. If it does, a token that is allowed
 * alone has the log probability 0. If the server reads them before, the token keeps its own log probability, and of two
 * tokens at most one has more than half of all probability. So two requests, each with one allowed token, give the
 * proof for any prompt. The sum over the labels would not, because a model that is certain of its labels gives them a
 * sum of nearly 1 in both cases.
 */
export function processedEntry(dialect: Dialect): DialectEntry {
  return {
    needs: "--logprobs-mode processed_logprobs",
    lacks: "the probabilities are relative to the labels",
    outside: false,
    find: async (ask, { ids }) => {
      for (const id of [...new Set(ids)].slice(0, 2)) await ask(dialect, [id]);
      await ask(dialect, ids);
      return dialect;
    },
  };
}
