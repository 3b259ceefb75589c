import { perClass } from "../../../classes.ts";
import type { TokenLogProbs } from "../../../engine/dialects/dialect.ts";
import { logSumExp, sum } from "../../../numbers/sums.ts";
import type { ClassName, Reading } from "../../../types.ts";
import type { ResolvedLabels } from "./resolve.ts";

/** Rounding may raise a log probability a little above 0; a larger value is an error of the server. */
const ROUNDING = 1e-3;

/**
 * Combines the answers to the probes, one for each probe and in the order of the probes, into a reading: log P(label)
 * for each class.
 *
 * For a text v with the tokens t1 ... tn, the chain rule gives log p(v) = sum over i of log p(ti | prompt, t1 ...
 * ti-1). Each term comes from the probe whose suffix is t1 ... ti-1. A label can be written as any of its texts, which
 * exclude each other, so P(label) = sum over its texts v of p(v), computed as the logarithm of a sum of exponentials.
 * The mass is the sum of P(label) over the labels: the probability that the model answers with any label.
 *
 * Scoring answers by their likelihood: Brown et al. 2020, "Language Models are Few-Shot Learners", section 2.4. Why the
 * probabilities of the texts of one label must be added: Holtzman et al. 2021, "Surface Form Competition".
 *
 * The result is exact when the answers are absolute. When the answers are relative to the requested tokens, the mass is
 * unknown (null). The log probabilities of the labels then all lack the same term if every text has one token, and they
 * are approximate if a text has several tokens.
 *
 * Throws an Error for answers that are not probabilities: a missing token without a bound, NaN, or a probability over
 * 1.
 */
export function readLabels(labels: ResolvedLabels, answers: readonly TokenLogProbs[]): Reading {
  if (answers.length !== labels.probes.length) {
    throw new Error(`expected ${labels.probes.length} answers, one for each probe, and got ${answers.length}`);
  }
  const answerAfter = new Map(labels.probes.map((probe, i) => [probe.suffix.join(" "), answers[i] as TokenLogProbs]));
  let bounded = false;
  const texts = labels.sequences.map(({ label, ids }) => {
    let logProb = 0;
    for (const [i, id] of ids.entries()) {
      const answer = answerAfter.get(ids.slice(0, i).join(" "));
      if (answer === undefined) throw new Error(`no probe for the tokens before ${id}`);
      const found = answer.logProbs.get(id);
      if (found === undefined) bounded = true;
      logProb += checkLogProb(id, found ?? answer.bound);
    }
    return { label, logProb };
  });
  const ofLabel = (name: ClassName): number =>
    logSumExp(texts.filter(({ label }) => label === name).map(({ logProb }) => logProb));
  const logProbs = perClass(labels.classes, ofLabel);
  if (logProbs.every((value) => value === Number.NEGATIVE_INFINITY)) throw new Error("every label has probability 0");
  const mass = sum(logProbs.map(Math.exp));
  return { logProbs, mass: answers.every(({ absolute }) => absolute) ? Math.min(1, mass) : null, bounded };
}

function checkLogProb(id: number, value: number | null): number {
  if (value === null) throw new Error(`the answer lacks token ${id}`);
  if (Number.isNaN(value) || value > ROUNDING) throw new Error(`the log probability of token ${id} is ${value}`);
  return Math.min(0, value);
}
