import { isRecord, malformed } from "../client/malformed.ts";
import { completionRequest, readChoices } from "./completions.ts";
import type { Dialect, DialectEntry, Question, TokenLogProbs } from "./dialect.ts";
import { readLogProb } from "./log-probs.ts";

/**
 * Asks llama.cpp's server twice. Both requests raise the labels by the same bias, so that one of them is sampled. The first
 * reads the probabilities after the bias, without any sampler: their ratios are the exact ratios of the labels. The second
 * reads the probabilities before the bias; the sampled label is listed with its own one, over the whole vocabulary. Both
 * together give every label over the whole vocabulary: log p(i) = log q(i) - log q(s) + log p(s), where q are the
 * probabilities after the bias and s is the sampled label.
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
    const sampled = { ...shared, logprobs: 1, samplers: ["temperature"], post_sampling_probs: false };
    const plain = { ...question, cacheSalt: null };
    return [completionRequest(plain, ratios), completionRequest(plain, sampled)];
  },
  read: ([ratios, sampled], question) => {
    const choices = readChoices(sampled, question, "one");
    return readChoices(ratios, question, "one").map((choice, i) => combine(choice, choices[i], question));
  },
};

export const llamacppEntry: DialectEntry = {
  needs: "llama.cpp's server, with token ids in its list of probabilities",
  lacks: null,
  outside: false,
  find: async (ask, { ids }) => {
    await ask(llamacpp, ids);
    return llamacpp;
  },
};

/**
 * The bias of every label. It must lift the labels above all other tokens, and it must be small, because a float32 logit
 * plus 64 is rounded to 4e-6 and a logit plus 100 may be rounded to 8e-6.
 */
const BIAS = 64;

function combine(ratios: unknown, sampled: unknown, { ids }: Question): TokenLogProbs {
  const listed = readProbs(ratios);
  const { id: label, logprob } = positionOf(sampled);
  if (typeof label !== "number" || !ids.includes(label)) {
    throw malformed("samples a token that is no label in spite of the bias", sampled);
  }
  const reference = listed.get(label);
  if (reference === undefined) throw malformed(`lacks token ${label}`, ratios);
  const offset = readLogProb(logprob, `token ${label}`, sampled) - reference;
  const found = ids.flatMap((id) => {
    const value = listed.get(id);
    return value === undefined ? [] : [[id, Math.min(0, value + offset)] as const];
  });
  const least = Math.min(...listed.values());
  return { logProbs: new Map(found), bound: found.length === ids.length ? null : least + offset, absolute: true };
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
