import { shuffledIndexes } from "../numbers/random.ts";
import { isAnswered } from "../runfolder/state/run-state.ts";
import type { Choice } from "./score-entries.ts";
import type { VariantRun } from "./variant-run.ts";

type Planned = Pick<VariantRun, "orders"> & {
  readonly folder: { readonly state: VariantRun["folder"]["state"] };
};

/**
 * Picks row by row across contestants, so that a stop at any moment has all of them on the same rows, and prompts that begin
 * alike are sent next to each other. What has been answered before is left out.
 */
export function* pickRowByRow(rows: Uint32Array, contestants: readonly Planned[]): Generator<Choice> {
  for (const row of rows) {
    for (const [of, { orders, folder }] of contestants.entries()) {
      for (const order of orders) if (!isAnswered(folder.state, row, order)) yield { of, row, order };
    }
  }
}

/** The sample that is scored again: 5 % of the rows, at least 20. */
const SHARE = 0.05;
const LEAST = 20;

/** Chooses the rows of a contestant that are scored again, at random among those it has answered. */
export function sampleToRescore(total: number, seed: number, answered: (row: number) => boolean): Uint32Array {
  const rows = shuffledIndexes(total, seed).filter(answered);
  return rows.subarray(0, Math.max(LEAST, Math.ceil(SHARE * rows.length)));
}

/** Picks one contestant after the other, in the order of its sample: every prompt meets others than the first time. */
export function* pickToRescore(
  contestants: readonly Pick<VariantRun, "orders" | "again">[],
  samples: readonly Uint32Array[],
): Generator<Choice> {
  for (const [of, { orders, again }] of contestants.entries()) {
    for (const order of orders) {
      for (const row of samples[of] ?? []) if (!isAnswered(again.state, row, order)) yield { of, row, order };
    }
  }
}
