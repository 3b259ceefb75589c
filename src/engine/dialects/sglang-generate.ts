import { isRecord } from "../../files/json-shape.ts";
import { malformed } from "../client/malformed.ts";
import { statusError } from "../client/to-request-error.ts";
import { type Dialect, type DialectEntry, provedByAnswer } from "./dialect.ts";
import { readAbsolute, readLogProb } from "./log-probs.ts";

/**
 * Asks SGLang's own page for exactly these tokens, over the whole vocabulary. With temperature 0 the server reads the log
 * probabilities from the logits as they are. The answer is a list in the order of the prompts; it bears no model's name.
 */
export const sglangGenerate: Dialect = {
  requests: ({ prompts, ids, cacheSalt }) => [
    {
      path: "/generate",
      body: {
        input_ids: prompts,
        sampling_params: { max_new_tokens: 1, temperature: 0 },
        return_logprob: true,
        logprob_start_len: -1,
        token_ids_logprob: ids,
        ...(cacheSalt === null ? {} : { extra_key: cacheSalt }),
      },
    },
  ],
  read: ([answer], { prompts, ids }) => {
    const parts: readonly unknown[] = Array.isArray(answer) ? answer : [answer];
    if (parts.length !== prompts.length) {
      throw malformed(`holds ${parts.length} results for ${prompts.length} prompts`, answer);
    }
    return parts.map((part, i) => readAbsolute(readPart(part, prompts[i]?.length ?? 0), ids));
  },
};

export const sglangGenerateEntry: DialectEntry = {
  needs: "SGLang's /generate with token_ids_logprob (0.4.4 or newer)",
  lacks: null,
  outside: true,
  find: provedByAnswer(sglangGenerate),
};

function readPart(part: unknown, promptTokens: number) {
  const meta = isRecord(part) ? part["meta_info"] : undefined;
  if (!isRecord(meta)) throw malformed("has a result without meta_info", part);
  refuseAborted(meta["finish_reason"]);
  const counted = meta["prompt_tokens"];
  if (counted !== undefined && counted !== promptTokens) {
    throw malformed(`is about ${String(counted)} prompt tokens, but ${promptTokens} were sent`, meta);
  }
  const positions = meta["output_token_ids_logprobs"];
  const first: unknown = Array.isArray(positions) ? positions[0] : undefined;
  if (!Array.isArray(first)) throw malformed("has a result without output_token_ids_logprobs", meta);
  return first.map((item: unknown) => {
    const [value, id] = Array.isArray(item) ? item : [];
    if (typeof id !== "number") throw malformed("lists a log probability without a token id", first);
    return { id, text: null, logProb: readLogProb(value, `token ${id}`, first) };
  });
}

/** SGLang reports a request that it gave up inside an answer with status 200, and names the status that it means there. */
function refuseAborted(reason: unknown): void {
  if (!isRecord(reason) || reason["type"] !== "abort") return;
  const status = typeof reason["status_code"] === "number" ? reason["status_code"] : 500;
  throw statusError(
    { status, headers: new Headers(), text: String(reason["message"] ?? "the request was aborted") },
    0,
  );
}
