import type { Effects } from "../effects.ts";
import {
  type FewLabels,
  type PoweredDifference,
  type PoweredScores,
  powerDifference,
  powerScores,
} from "../metrics/few-labels.ts";
import { labelsFor } from "../metrics/labels-for.ts";
import { groupsOfInput } from "./groups-of-input.ts";
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
export async function evaluatePowered(
  subject: Subject,
  joined: LabelledRows,
  other: Subject | null,
  { signal }: Pick<Effects, "signal">,
): Promise<PoweredEvaluation | null> {
  const { truth, judged, weights } = joined;
  if (weights === null && other === null) return null;
  const { written, seed } = subject;
  const labels: FewLabels = {
    labelled: judged,
    truth: labelsFor(written.classes, truth).truth,
    all: truth,
    groups:
      (weights === null ? null : await groupsOfInput(subject, signal)) ?? groupsOfSample(joined, subject.ids.length),
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

/** Takes the prompts of the labelled rows from the sample; every other row counts as a prompt of its own. */
function groupsOfSample({ judged, groups }: LabelledRows, rows: number): Uint32Array {
  const most = groups.reduce((largest, group) => Math.max(largest, group), 0);
  const all = Uint32Array.from({ length: rows }, (_, row) => most + 1 + row);
  for (const [index, row] of judged.entries()) all[row] = groups[index] as number;
  return all;
}
