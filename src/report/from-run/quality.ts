import { rowsOf } from "../../class-matrix.ts";
import { CLASS_TEXT } from "../../classes.ts";
import type { SubjectEvaluation } from "../../evaluate/evaluation.ts";
import { reliabilityBins } from "../../metrics/reliability.ts";
import type { Scored } from "../../metrics/scored.ts";
import { baselinesOf, positionOf, reliabilityOf, scoresOf, sliceGroupOf } from "../data/from-metrics.ts";
import type { PositionBias, Quality } from "../data/run-data.ts";

/**
 * Turns an evaluation into the quality section of a report. The rows, with their labels, are those that it measured;
 * the probabilities as written are the first of its scores.
 */
export function qualityOf(
  { scores, swap, slices }: SubjectEvaluation,
  { probabilities: written, truth, weights = null }: Omit<Scored, "groups">,
): { readonly quality: Quality | null; readonly position: PositionBias | null } {
  const position = swap === null ? null : positionOf(swap);
  const [first] = scores;
  if (first === undefined) return { quality: null, position };
  const { evaluation } = first;
  const bins = diagramBins(rowsOf(truth));
  const quality = {
    scores: scores.map((one) => scoresOf(one.name, one.evaluation)),
    baselines: baselinesOf(evaluation),
    reliability: [
      reliabilityOf("predicted class", reliabilityBins(written, truth, { bins, weights }), evaluation.calibration.ece),
      ...truth.classes.map((of) =>
        reliabilityOf(CLASS_TEXT[of], reliabilityBins(written, truth, { of, bins, weights }), null),
      ),
    ],
    confusion: evaluation.confusion,
    slices: slices.map(({ name, parts }) => sliceGroupOf(name, parts)),
  };
  return { quality, position };
}

/**
 * Computes the number of bins: one for every 15 rows, at most 15. A bin of fewer rows would have an interval that
 * covers most of the diagram.
 */
function diagramBins(rows: number): number {
  return Math.min(15, Math.ceil(rows / 15));
}
