import { completionRequest, readEach } from "./completions.ts";
import { type Dialect, type DialectEntry, provedByAnswer } from "./dialect.ts";
import { listedTokens, readAbsolute } from "./log-probs.ts";

/**
 * Asks for exactly these tokens, over the whole vocabulary (vLLM 0.26 and newer, at most 128 ids). The server allows
 * the field only together with `logprobs`. Older servers ignore the field, so their answers lack some of the ids.
 */
export const logprobTokenIds: Dialect = {
  requests: (question) => [
    completionRequest(question, {
      logprobs: 0,
      logprob_token_ids: question.ids,
      return_tokens_as_token_ids: true,
    }),
  ],
  read: (answers, question) =>
    readEach(answers, question, (choice) => readAbsolute(listedTokens(choice), question.ids)),
};

export const logprobTokenIdsEntry: DialectEntry = {
  needs: "vLLM 0.26 or newer",
  lacks: null,
  outside: false,
  find: provedByAnswer(logprobTokenIds),
};
