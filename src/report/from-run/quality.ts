import type { SubjectEvaluation } from "../../evaluate/evaluation.ts";
import { reliability } from "../../metrics/reliability.ts";
import { CLASSES } from "../../types.ts";
import { baselinesOf, positionOf, reliabilityOf, scoresOf, sliceGroupOf } from "../data/from-metrics.ts";
import type { Position, Quality } from "../data/run-data.ts";

const CLASS_NAMES = { a: "A", b: "B", tie: "tie" } as const;

/** Turns an evaluation into what a report shows of it; the probabilities as written are the first of its scores. */
export function qualityOf(
  { scores, swap, slices }: SubjectEvaluation,
  written: Float64Array,
  truth: Float64Array,
): { readonly quality: Quality | null; readonly position: Position | null } {
  const position = swap === null ? null : positionOf(swap);
  const [first] = scores;
  if (first === undefined) return { quality: null, position };
  const { evaluation } = first;
  const quality = {
    scores: scores.map((one) => scoresOf(one.name, one.evaluation)),
    baselines: baselinesOf(evaluation),
    reliability: [
      reliabilityOf("predicted class", evaluation.reliability, evaluation.calibration.ece),
      ...CLASSES.map((of) => reliabilityOf(CLASS_NAMES[of], reliability(written, truth, { of }), null)),
    ],
    confusion: evaluation.confusion,
    slices: slices.map(({ name, parts }) => sliceGroupOf(name, parts)),
  };
  return { quality, position };
}
