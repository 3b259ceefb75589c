import { type ClassMatrix, rowAt } from "../class-matrix.ts";
import { meanByClass } from "../classes.ts";
import { mean, sum } from "../numbers/sums.ts";
import type { PerClass } from "../types.ts";

/** The probabilities of one judge on the rows, and whether it answered each row. */
export interface JudgeOnRows {
  readonly probabilities: ClassMatrix;
  readonly isAnswered: (row: number) => boolean;
}

/**
 * Computes how much each row is worth labelling, 0 to 1. For one judge this is the uncertainty: the entropy of its
 * probabilities divided by that of equal ones. For several judges it is the mean of their uncertainty and of their
 * disagreement: the Jensen-Shannon divergence of their probabilities, divided by its largest value (query by committee,
 * McCallum and Nigam 1998, "Employing EM and Pool-Based Active Learning for Text Classification"). Judges that have not
 * answered a row do not count; a row without an answer is worth 0.
 */
export function worthLabelling(judges: readonly JudgeOnRows[], rows: number): Float64Array {
  const classes = judges[0]?.probabilities.classes.length ?? 0;
  const most = Math.log(Math.min(classes, judges.length));
  return Float64Array.from({ length: rows }, (_, row) => {
    const answers = judges.flatMap(({ probabilities, isAnswered }) =>
      isAnswered(row) ? [rowAt(probabilities, row)] : [],
    );
    if (answers.length === 0) return 0;
    const own = mean(answers.map(entropy));
    const uncertainty = own / Math.log(classes);
    if (judges.length === 1) return uncertainty;
    return (uncertainty + Math.max(0, entropy(meanByClass(answers)) - own) / most) / 2;
  });
}

/**
 * Mixes the worth of the rows with a uniform part, so that no row has the size 0 and every mean can be estimated
 * without bias. `uniform` is the share of the uniform part, above 0 to 1. The sizes sum to 1.
 */
export function sizesOf(worth: Float64Array, uniform: number): Float64Array {
  const total = sum(worth);
  const even = 1 / worth.length;
  return worth.map((value) => uniform * even + (1 - uniform) * (total > 0 ? value / total : even));
}

/** Computes the entropy of a distribution in nats. */
function entropy(probabilities: PerClass): number {
  return -sum(probabilities.map((p) => (p > 0 ? p * Math.log(p) : 0)));
}
