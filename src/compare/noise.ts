import { applyCalibration, type Parameters } from "../calibrate/apply.ts";
import { answersOf } from "../job/answers.ts";
import type { RowAnswers } from "../judge/outcome.ts";
import { clipProbabilities } from "../metrics/clip.ts";
import { type Rescoring, rescoringNoise } from "../metrics/rescoring.ts";
import { takeTriples } from "../metrics/triples.ts";
import type { BootstrapOptions } from "../stats/bootstrap.ts";
import type { Triple } from "../types.ts";
import type { VariantRun } from "./variant-run.ts";

/** What scoring a sample of rows once more has shown. */
export interface Noise extends Rescoring {
  readonly rows: number;
}

/**
 * Measures how much the log loss of a contestant changes when the same rows are scored again, of the probabilities as written or,
 * with `parameters`, of calibrated ones. Null when no row was scored twice.
 */
export function measureNoise(
  contestant: Pick<VariantRun, "folder" | "again" | "answered" | "orders" | "aggregate" | "config">,
  { truth, groups }: { readonly truth: Float64Array; readonly groups: Uint32Array },
  parameters: Parameters | null,
  options: BootstrapOptions,
): Noise | null {
  const { folder, again, answered, orders, aggregate, config } = contestant;
  const twice = Uint32Array.from(
    [...groups.keys()].filter((row) => {
      const { ab, ba } = answersOf(again.state, row);
      return answered(row) && orders.every((order) => (order === "ab" ? ab : ba) !== null);
    }),
  );
  if (twice.length === 0) return null;
  const judge = ({ ab, ba }: RowAnswers): Triple =>
    parameters === null
      ? aggregate({ ab, ba }).probabilities
      : applyCalibration(parameters, { ab: ab?.logProbs ?? null, ba: ba?.logProbs ?? null });
  const scored = (state: typeof folder.state): Float64Array =>
    clipProbabilities(Float64Array.from([...twice].flatMap((row) => judge(answersOf(state, row)))), config.clip);
  const labels = { truth: takeTriples(truth, twice), groups: twice.map((row) => groups[row] as number) };
  return { rows: twice.length, ...rescoringNoise(scored(folder.state), scored(again.state), labels, options) };
}
