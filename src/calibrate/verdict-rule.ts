import { type ClassMatrix, pickRows, rowAt, rowsOf } from "../class-matrix.ts";
import { argmax, classesOf, perClass } from "../classes.ts";
import { drawUniform, seededGenerator, shuffledIndexes } from "../numbers/random.ts";
import { sum } from "../numbers/sums.ts";
import { binomialAtMost } from "../stats/binomial.ts";
import { sumByGroup } from "../stats/groups.ts";
import { groupedMean, standardErrorOf } from "../stats/resample.ts";
import type { PerClass, RowVerdict } from "../types.ts";

/** How the probabilities of a row become a set of verdicts, and when its verdict is accepted. */
export interface VerdictRule {
  /** A class is in the set when its probability is at least this; 0: it is in every set, because too few rows have its label. */
  readonly least: PerClass;
  /** A verdict is accepted when the probability of the most probable class is at least this; null: none is. */
  readonly accept: number | null;
  /** Number of rows to which the rule was fitted, and by label (shares of votes count as such). */
  readonly rows: number;
  readonly labels: PerClass;
  /** Of the fitted rows, one a prompt: how many verdicts are accepted, and how many of these are wrong. */
  readonly accepted: { readonly rows: number; readonly errors: number; readonly of: number };
}

export interface VerdictTargets {
  /** Share of the rows of each class whose set holds the class, 0 to 1. */
  readonly coverage: number;
  /** Largest share of wrong verdicts among those that are accepted, 0 to 1. */
  readonly maxError: number;
  /** Probability with which the threshold keeps `maxError`, over the draw of the labelled rows. */
  readonly confidence: number;
}

/** Labelled rows that the fit of the probabilities has not seen. */
export interface HeldOutRows {
  readonly probabilities: ClassMatrix;
  /** 1 for the winner and 0 for the others, or the shares of the votes. */
  readonly truth: ClassMatrix;
  /** Group number of each row. Rows with the same prompt are one group. */
  readonly groups: Uint32Array;
}

/** Fits the rule to rows that the fit of the probabilities has not seen. */
export function fitVerdictRule(rows: HeldOutRows, targets: VerdictTargets, seed: number): VerdictRule {
  const { classes, values } = rows.truth;
  const { accept, accepted } = acceptThreshold(rows, targets, seed);
  return {
    least: perClass(classes, (_, index) => leastProbability(rows, index, targets.coverage)),
    accept,
    rows: rowsOf(rows.truth),
    labels: perClass(classes, (_, index) => sum(values.filter((_, place) => place % classes.length === index))),
    accepted,
  };
}

/** Gives the set of verdicts of a row, and whether its verdict is not accepted. */
export function verdictBy({ least, accept }: VerdictRule, probabilities: PerClass): RowVerdict {
  const best = argmax(probabilities);
  return {
    set: classesOf(probabilities.length === 3).filter((_, index) => (probabilities[index] ?? 0) >= (least[index] ?? 0)),
    abstains: accept === null || (probabilities[best] ?? 0) < accept,
  };
}

/**
 * Finds the least probability of a class that its set needs, by conformal prediction within the class (label-conditional or
 * Mondrian: Vovk, Gammerman and Shafer 2005, "Algorithmic Learning in a Random World", section 4.5; score 1 - p: Sadinle, Lei
 * and Wasserman 2019, "Least ambiguous set-valued classifiers"). With n rows of the class it is the ⌈(n + 1) · coverage⌉th
 * largest probability that they gave it, so that the set of another row of the class holds it with at least this probability
 * if the rows are exchangeable. 0 when there are too few rows. Shares of votes count as parts of a row.
 *
 * Rows that share a prompt tell less. They count as the effective number of rows that `rateInterval` uses (Korn and Graubard
 * 1998), of which another row is one: n + n / effective in place of n + 1. This is n + 1 where each prompt has one row.
 */
function leastProbability({ probabilities, truth, groups }: HeldOutRows, index: number, coverage: number): number {
  const rows = [...groups.keys()].filter((row) => weightAt(truth, row, index) > 0);
  rows.sort((one, other) => weightAt(probabilities, other, index) - weightAt(probabilities, one, index));
  const weights = Float64Array.from(rows, (row) => weightAt(truth, row, index));
  const total = sum(weights);
  const reach = (needed: number): number => {
    let held = 0;
    // Without the tolerance, a product such as 0.9 · 10 could be above 9.
    for (const [place, row] of rows.entries()) {
      held += weights[place] as number;
      if (held >= needed - TOLERANCE) return weightAt(probabilities, row, index);
    }
    return 0;
  };
  const first = reach(total * coverage);
  const hits = Float64Array.from(rows, (row) => Number(weightAt(probabilities, row, index) >= first));
  const byGroup = sumByGroup(
    hits,
    Uint32Array.from(rows, (row) => groups[row] as number),
    weights,
  );
  const share = groupedMean(byGroup);
  const variance = standardErrorOf(byGroup) ** 2;
  const effective = variance === 0 ? byGroup.sums.length : Math.min(total, (share * (1 - share)) / variance);
  return reach((total + total / effective) * coverage);
}

function weightAt(matrix: ClassMatrix, row: number, index: number): number {
  return rowAt(matrix, row)[index] ?? 0;
}

const TOLERANCE = 1e-9;

/** The threshold goes down in this many steps of equally many rows. */
const STEPS = 20;

/**
 * Finds the smallest threshold of the largest probability for which the error among accepted verdicts is at most `maxError`,
 * with the probability `confidence`, for any distribution of the rows: from the surest rows down, the threshold is lowered
 * while an exact binomial test rejects that the error is larger (fixed-sequence testing; Jung, Brahman and Choi 2024, "Trust
 * or Escalate", theorem 1; Angelopoulos et al. 2021, "Learn then Test"). The steps depend on the probabilities alone. The
 * first accepts twice as many rows as would pass without an error, so that one unlucky row does not end the search.
 * The test needs independent rows, so that one row of each group takes part; of votes one is drawn.
 */
function acceptThreshold(
  rows: HeldOutRows,
  { maxError, confidence }: VerdictTargets,
  seed: number,
): Pick<VerdictRule, "accept" | "accepted"> {
  const chosen = onePerGroup(rows.groups, seed);
  const probabilities = pickRows(rows.probabilities, chosen);
  const wrong = drawErrors(probabilities, pickRows(rows.truth, chosen), seed);
  const sure = Float64Array.from(wrong.keys(), (row) => Math.max(...rowAt(probabilities, row)));
  const order = [...sure.keys()].sort((one, other) => (sure[other] as number) - (sure[one] as number));
  const fewest = 2 * Math.ceil(Math.log(1 - confidence) / Math.log(1 - maxError));
  let accept: number | null = null;
  let accepted = { rows: 0, errors: 0, of: order.length };
  for (let step = 1; step <= STEPS; step += 1) {
    const last = order[Math.ceil((step * order.length) / STEPS) - 1];
    if (last === undefined) break;
    const threshold = sure[last] as number;
    const members = order.filter((row) => (sure[row] as number) >= threshold);
    if (members.length < fewest) continue;
    const errors = members.filter((row) => wrong[row] === 1).length;
    if (binomialAtMost(errors, members.length, maxError) > 1 - confidence) break;
    accept = threshold;
    accepted = { rows: members.length, errors, of: order.length };
  }
  return { accept, accepted };
}

function onePerGroup(groups: Uint32Array, seed: number): Uint32Array {
  const seen = new Set<number>();
  return shuffledIndexes(groups.length, seed).filter((row) => {
    const group = groups[row] as number;
    if (seen.has(group)) return false;
    seen.add(group);
    return true;
  });
}

/** Lists for each row whether its verdict is wrong; where the label is a share of votes, by one vote that is drawn. */
function drawErrors(probabilities: ClassMatrix, truth: ClassMatrix, seed: number): Uint8Array {
  const generator = seededGenerator(seed);
  return Uint8Array.from({ length: rowsOf(truth) }, (_, row) => {
    const share = rowAt(truth, row)[argmax(rowAt(probabilities, row))] ?? 0;
    return drawUniform(generator) < share ? 0 : 1;
  });
}
