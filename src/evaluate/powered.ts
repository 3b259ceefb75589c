import {
  type FewLabels,
  type PoweredDifference,
  type PoweredScores,
  powerDifference,
  powerScores,
} from "../metrics/few-labels.ts";
import { labelsFor } from "../metrics/labels-for.ts";
import type { LabelledRows } from "./labelled.ts";
import { writtenInOrderOf } from "./same-rows.ts";
import type { Subject } from "./subject.ts";

/** What labels of some rows and the judgements of all rows say together. */
export interface PoweredEvaluation {
  readonly scores: PoweredScores;
  /** The difference to another judge; null when none was named. */
  readonly difference: (PoweredDifference & { readonly against: string }) | null;
}

/**
 * Evaluates a judge with the labels of some of its rows and its judgements of all rows. `other` is a second judge of the same
 * rows. Null when the labels are those of all rows and no other judge was named. Throws like writtenInOrderOf.
 */
export function evaluatePowered(
  subject: Subject,
  { truth, judged, groups, weights }: Pick<LabelledRows, "truth" | "judged" | "groups" | "weights">,
  other: Subject | null,
): PoweredEvaluation | null {
  if (weights === null && other === null) return null;
  const { written, seed } = subject;
  const labels: FewLabels = {
    labelled: judged,
    truth: labelsFor(written.classes, truth).truth,
    all: truth,
    groups,
    weights,
  };
  return {
    scores: powerScores(written, labels, { seed }),
    difference:
      other === null
        ? null
        : {
            against: other.path,
            ...powerDifference([written, writtenInOrderOf(subject, other)], labels, { seed }),
          },
  };
}
