import type { Dataset } from "../dataset/open-dataset.ts";
import type { AbtieError } from "../errors.ts";
import { formatDuration } from "../format.ts";
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

/** What is known of engines that answered no row. */
export interface NeverAnswered {
  readonly end: "engine-lost" | "deadline";
  /** Time between the start of the run and the end of its work, ms; null without a deadline. */
  readonly workMs: number | null;
  /** False when no engine was ready before the run ended. */
  readonly started: boolean;
  /** The last stage of the start that an engine reported; null when none did. */
  readonly lastStage: string | null;
  /** The message of the last request that failed; null when none did. */
  readonly lastError: string | null;
  /** The end of the log of a server that abtie started, with its path; empty when there is none. */
  readonly logEnd: readonly string[];
}

/** With less time for work than this (ms), and no failed request, the deadline is the reason why no row was answered. */
const SHORT_MS = 10_000;

/** Describes a job whose engines answered no row before it ended. */
export function neverAnsweredFailure(never: NeverAnswered): JobFailure {
  const { end, workMs, started, lastStage, lastError, logEnd } = never;
  const isShort = end === "deadline" && workMs !== null && workMs < SHORT_MS && lastError === null;
  const ended = end === "deadline" ? "before the time for work was over" : "before it was lost for good";
  return {
    message: isShort
      ? `The deadline is too short: it left ${formatDuration(workMs, { precise: true })} for the start, the engine and the rows, and no row was answered in it. ` +
        "Every row holds the fallback. Give a later deadline."
      : `${started ? `The engine answered no row ${ended}.` : `No engine was ready ${ended}.`} Every row holds the fallback. ` +
        "Check the engine with `abtie doctor`, or give the run more time.",
    details: [
      ...(started || lastStage === null ? [] : [`Last stage of the start: ${lastStage}`]),
      `Last error: ${lastError ?? "none; no request came to an end"}`,
      ...(logEnd.length === 0 ? [] : ["The end of the server's log:", ...logEnd]),
    ],
  };
}

/** Describes a run whose second judge could not be asked because its engine did not start. */
export function secondNotReadyFailure([first, second]: readonly [string, string], error: AbtieError): JobFailure {
  return {
    message:
      `The engine of the judge ${second} did not start: ${error.message} The answers of ${first} stand, and the submission is complete. ` +
      "The same command tries again; with `abtie doctor` the engine can be checked first.",
    details: error.details,
  };
}
