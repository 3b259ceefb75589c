import type { Dataset } from "../dataset/open-dataset.ts";
import type { Judge } from "../judge/judge.ts";
import { describeLowMass, lowMassDetails } from "../judge/mass-gate.ts";
import type { MassWatch } from "./mass-watch.ts";

/** Why a job counts as failed (exit status 4) although its files are complete: one sentence, then lines with cause and remedy. */
export interface JobFailure {
  readonly message: string;
  readonly details: readonly string[];
}

const NOTHING_LOST = "Scoring has stopped; the files are complete, and the journal keeps the answers.";

/**
 * Describes a job that stopped because its labels get almost no probability, with the end of the first row's prompt. `judge` is null
 * when no prompt can be made without a server.
 */
export async function lowMassFailure(
  { massWatch, dataset }: { readonly massWatch: MassWatch; readonly dataset: Pick<Dataset, "ids"> },
  judge: Pick<Judge, "show" | "labels"> | null,
): Promise<JobFailure> {
  const verdict = massWatch.verdict();
  if (verdict.kind === "too-few" || verdict.kind === "unknown") throw new Error("a job that stopped has a label mass");
  const id = dataset.ids[0] ?? "";
  // A prompt that cannot be shown must not hide why the job stopped.
  const prompt = judge === null ? null : await judge.show(0, "ab").catch(() => null);
  const shown = judge === null || prompt === null ? null : { id, prompt, labels: judge.labels };
  return { message: `${describeLowMass(verdict)} ${NOTHING_LOST}`, details: lowMassDetails(shown) };
}
