import { isRecord } from "../../files/json-shape.ts";
import { malformed } from "../client/malformed.ts";
import { completionRequest, readChoices } from "./completions.ts";
import { type Dialect, type DialectEntry, provedByAnswer, type Question, type TokenLogProbs } from "./dialect.ts";
import { listedTokens } from "./log-probs.ts";

/**
 * Asks llama.cpp's server twice. Both requests raise the labels by the same bias, so that one of them is sampled. The first
 * reads the probabilities after the bias, without any sampler: their ratios are the exact ratios of the labels. The second
 * lists the most likely tokens before the bias, and the sampled label beside them, with log probabilities over the whole
 * vocabulary. A label in that list is read there. Any other follows from the ratios: log p(i) = log q(i) - log q(s) + log
 * p(s), where q are the probabilities after the bias and s is the sampled label.
 *
 * The list comes second, because by then the prompt is in the server's cache: the server computes a cached prompt in another
 * way than a new one, which moves a quantised model by up to 0.2 nats, and a cached prompt always gives the same numbers.
 */
export const llamacpp: Dialect = {
  requests: (question) => {
    const { ids, cacheSalt } = question;
    const shared = {
      logit_bias: Object.fromEntries(ids.map((id) => [String(id), BIAS])),
      // The server knows no salt, so with a salt it must not reuse anything.
      ...(cacheSalt === null ? {} : { cache_prompt: false }),
    };
    const ratios = { ...shared, logprobs: ids.length, samplers: [], post_sampling_probs: true };
    // At temperature 0 this sampler takes the most likely token, which is a label because of the bias.
    const listed = { ...shared, logprobs: LISTED, samplers: ["temperature"], post_sampling_probs: false };
    const plain = { ...question, cacheSalt: null };
    return [completionRequest(plain, ratios), completionRequest(plain, listed)];
  },
  read: ([ratios, listed], question) => {
    const choices = readChoices(listed, question, "one");
    return readChoices(ratios, question, "one").map((choice, i) => combine(choice, choices[i], question));
  },
};

/**
 * Number of tokens in the list before the bias. The server sums probabilities in float32 in the order of its list, so a
 * longer list agrees better with the list of all tokens: 100 tokens to 1e-5 nats.
 */
const LISTED = 100;

export const llamacppEntry: DialectEntry = {
  needs: "llama.cpp's server, with token ids in its list of probabilities",
  lacks: null,
  outside: false,
  find: provedByAnswer(llamacpp),
};

/**
 * The bias of every label. It must lift the labels above all other tokens, and it must be small, because a float32 logit
 * plus 64 is rounded to 4e-6 and a logit plus 100 may be rounded to 8e-6.
 */
const BIAS = 64;

function combine(ratios: unknown, choice: unknown, { ids }: Question): TokenLogProbs {
  const relative = readProbs(ratios);
  const { id: sampled } = positionOf(choice);
  if (typeof sampled !== "number" || !ids.includes(sampled)) {
    throw malformed("samples a token that is no label in spite of the bias", choice);
  }
  const listed = new Map(listedTokens(choice).map(({ id, logProb }) => [id, logProb]));
  const [own, reference] = [listed.get(sampled), relative.get(sampled)];
  if (own === undefined || reference === undefined) throw malformed(`lacks token ${sampled}`, ratios);
  const offset = own - reference;
  const found = ids.flatMap((id) => {
    const ratio = relative.get(id);
    const value = listed.get(id) ?? (ratio === undefined ? undefined : Math.min(0, ratio + offset));
    return value === undefined ? [] : [[id, value] as const];
  });
  const least = Math.min(0, Math.min(...relative.values()) + offset);
  return { logProbs: new Map(found), bound: found.length === ids.length ? null : least, absolute: true };
}

/** Reads the logarithms of the probabilities after sampling, by token id. */
function readProbs(choice: unknown): ReadonlyMap<number, number> {
  const items = positionOf(choice)["top_probs"];
  if (!Array.isArray(items) || items.length === 0)
    throw malformed("holds no probabilities after sampling (top_probs)", choice);
  return new Map(
    items.map((item: unknown) => {
      const { id, prob }: Readonly<Record<string, unknown>> = isRecord(item) ? item : {};
      if (typeof id !== "number" || typeof prob !== "number" || !(prob >= 0 && prob <= 1 + 1e-3)) {
        throw malformed("lists a token without id or probability", item);
      }
      return [id, Math.log(Math.min(1, prob))];
    }),
  );
}

function positionOf(choice: unknown): Readonly<Record<string, unknown>> {
  const logprobs = isRecord(choice) ? choice["logprobs"] : undefined;
  const content = isRecord(logprobs) ? logprobs["content"] : undefined;
  const position: unknown = Array.isArray(content) ? content[0] : undefined;
  if (!isRecord(position)) throw malformed("has a choice without logprobs.content", choice);
  return position;
}
