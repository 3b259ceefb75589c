import { sum } from "../../numbers/sums.ts";
import { malformed } from "../client/malformed.ts";
import { readItems } from "./completions.ts";
import type { Dialect, DialectEntry, TokenLogProbs } from "./dialect.ts";

/** Tolerance for the sum of the probabilities, because a server may compute them in 16 bits. */
const TOLERANCE = 5e-3;

/**
 * Asks a model with a classification head (vLLM's /classify) for the probabilities of its classes. The ids of the question are the
 * numbers of the classes, counted from 0. The probabilities are relative to the classes: there is nothing else that the model could
 * answer, so a label mass does not exist.
 */
export const classify: Dialect = {
  requests: ({ model, prompts, cacheSalt }) => [
    { path: "/classify", body: { model, input: prompts, ...(cacheSalt === null ? {} : { cache_salt: cacheSalt }) } },
  ],
  read: (answers, question) =>
    readItems(answers[0], "data", question).map((item) => readClasses(item, question.ids.length)),
};

export const classifyEntry: DialectEntry = {
  needs: "a model with a classification head, served with --runner pooling",
  lacks: null,
  outside: false,
  find: async (ask, { ids, check }) => {
    const answer = await ask(classify, ids);
    check?.(answer);
    return classify;
  },
};

function readClasses(item: Readonly<Record<string, unknown>>, classes: number): TokenLogProbs {
  const { probs, label } = item;
  if (!Array.isArray(probs)) throw malformed("holds no list of class probabilities", item);
  if (probs.length !== classes)
    throw malformed(`is about ${probs.length} classes, where ${classes} are expected`, item);
  const probabilities = probs.map((value: unknown) => {
    if (typeof value === "number" && value >= 0 && value <= 1 + TOLERANCE) return value;
    throw malformed(`gives ${JSON.stringify(value)} as the probability of a class`, item);
  });
  const total = sum(probabilities);
  if (Math.abs(total - 1) > TOLERANCE) {
    throw malformed(
      `gives class probabilities that sum to ${total.toPrecision(4)} (a model of several independent labels, or raw logits, answers like this)`,
      item,
    );
  }
  return {
    logProbs: new Map(probabilities.map((value, index) => [index, Math.log(value / total)])),
    bound: null,
    absolute: false,
    named: typeof label === "string" ? label : null,
  };
}
