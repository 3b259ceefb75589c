import { AbtieError } from "../errors.ts";
import { lowMassFailure } from "../job/failure.ts";
import type { Judge } from "../judge/judge.ts";
import type { VariantRun } from "./variant-run.ts";

/**
 * Throws AbtieError("engine") when the labels of a variant get almost no probability. `judges` are those of the variants, in the same
 * order; they show the end of a prompt.
 */
export async function refuseLowMass(runs: readonly VariantRun[], judges: readonly Judge[]): Promise<void> {
  for (const [index, run] of runs.entries()) {
    if (!run.massWatch.stopped.aborted) continue;
    const { message, details } = await lowMassFailure(run, judges[index] ?? null);
    throw new AbtieError("engine", `${run.name}: ${message}`, { details });
  }
}
