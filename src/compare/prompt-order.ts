import { shuffledIndexes } from "../numbers/random.ts";
import { isAnswered } from "../runfolder/state/run-state.ts";
import type { VariantPrompt } from "./score-prompts.ts";
import type { VariantRun } from "./variant-run.ts";

type Scorable = Pick<VariantRun, "orders"> & {
  readonly folder: { readonly state: VariantRun["folder"]["state"] };
};

/**
 * Lists the missing prompts row by row across variants. So all variants are scored on about the same rows at every
 * moment, and prompts with the same start are sent one after another. `isIn` tells at each moment which variants are still
 * scored.
 */
export function* promptsRowByRow<T extends Scorable>(
  rows: Uint32Array,
  variants: readonly T[],
  isIn: (variant: T) => boolean = () => true,
): Generator<VariantPrompt> {
  for (const row of rows) {
    for (const [variant, run] of variants.entries()) {
      if (!isIn(run)) continue;
      const { orders, folder } = run;
      for (const order of orders) if (!isAnswered(folder.state, row, order)) yield { variant, row, order };
    }
  }
}

/** The sample that is scored again has 5 % of the rows, at least 20 rows. */
const SAMPLE_SHARE = 0.05;
const SAMPLE_LEAST = 20;

/** Chooses at random, among the rows that a variant has answered, those that are scored again. */
export function sampleToRescore(total: number, seed: number, answered: (row: number) => boolean): Uint32Array {
  const rows = shuffledIndexes(total, seed).filter(answered);
  return rows.subarray(0, Math.max(SAMPLE_LEAST, Math.ceil(SAMPLE_SHARE * rows.length)));
}

/**
 * Lists the prompts of the samples variant by variant, in the order of each sample, so that the batches differ from
 * those of the first scoring.
 */
export function* promptsToRescore(
  variants: readonly Pick<VariantRun, "orders" | "again">[],
  samples: readonly Uint32Array[],
): Generator<VariantPrompt> {
  for (const [variant, { orders, again }] of variants.entries()) {
    for (const order of orders) {
      for (const row of samples[variant] ?? []) if (!isAnswered(again.state, row, order)) yield { variant, row, order };
    }
  }
}
