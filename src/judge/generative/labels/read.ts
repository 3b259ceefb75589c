import type { TokenLogProbs } from "../../../engine/capabilities/dialects.ts";
import { logSumExp, sum } from "../../../numbers/sums.ts";
import type { ClassName, Reading, Triple } from "../../../types.ts";
import type { ResolvedLabels } from "./resolve.ts";

/** Rounding may lift a log probability a little over 0; more than this is an error of the server. */
const ROUNDING = 1e-3;

/**
 * Combines the answers to the probes, one each and in their order, into a reading. A label's probability is the product along
 * its tokens; variants of a label add up. Exact when the answers are absolute; otherwise the mass is unknown (null) and a
 * label of several tokens is only as good as the server's normalisation.
 *
 * Throws an ordinary Error when the answers cannot be meant: a missing token without a bound, NaN, or a probability over 1.
 */
export function readLabels(labels: ResolvedLabels, answers: readonly TokenLogProbs[]): Reading {
  if (answers.length !== labels.probes.length) {
    throw new Error(`expected ${labels.probes.length} answers, one for each probe, and got ${answers.length}`);
  }
  const byPrefix = new Map(labels.probes.map((probe, i) => [probe.suffix.join(" "), answers[i] as TokenLogProbs]));
  let bounded = false;
  const scores = labels.sequences.map(({ label, ids }) => {
    let sum = 0;
    for (const [i, id] of ids.entries()) {
      const answer = byPrefix.get(ids.slice(0, i).join(" "));
      if (answer === undefined) throw new Error(`no probe for the tokens before ${id}`);
      const found = answer.logProbs.get(id);
      if (found === undefined) bounded = true;
      sum += check(id, found ?? answer.bound);
    }
    return { label, sum };
  });
  const ofClass = (name: ClassName): number =>
    logSumExp(scores.filter(({ label }) => label === name).map(({ sum }) => sum));
  const logProbs: Triple = [ofClass("a"), ofClass("b"), ofClass("tie")];
  if (logProbs.every((value) => value === Number.NEGATIVE_INFINITY)) throw new Error("every label has probability 0");
  const mass = sum(logProbs.map(Math.exp));
  return { logProbs, mass: answers.every(({ absolute }) => absolute) ? Math.min(1, mass) : null, bounded };
}

function check(id: number, value: number | null): number {
  if (value === null) throw new Error(`the answer lacks token ${id}`);
  if (Number.isNaN(value) || value > ROUNDING) throw new Error(`the log probability of token ${id} is ${value}`);
  return Math.min(0, value);
}
