import { join, resolve } from "node:path";
import { judgeFolder } from "../config/judges.ts";
import type { Effects } from "../effects.ts";
import { AbtieError } from "../errors.ts";
import { escalationOf, formatEscalation, type Pilot, parseEscalation } from "../escalate/file.ts";
import { type EscalationStudy, studyEscalation } from "../escalate/study.ts";
import type { LabelOptions } from "../evaluate/labelled.ts";
import { writeAtomic } from "../files/atomic.ts";
import { createReportStep } from "../job/report-step.ts";
import { type LoadedRun, loadRunConfig, loadRunFolder } from "../runfolder/load-run-folder.ts";
import { type MeasuredSpeed, measureSpeed } from "../runfolder/request-times.ts";
import { takeRunRows } from "../runfolder/rows-file.ts";
import { calibrationOutput, canParse, judgeOf, openLabelledRun } from "./labelled-run.ts";

export interface CalibrateJudgesOptions extends LabelOptions {
  /** Folder of a run with two judges. */
  readonly run: string;
  /** The file to write, .json. */
  readonly output: string;
  /** Replace the output if it exists and is no such file. Default false. */
  readonly force?: boolean;
  /** Parts of the cross-validation. */
  readonly folds?: number;
}

/** How two judges are best combined, and what it brings; log losses in nats, on rows that were not fitted to. */
export interface JudgesResult extends EscalationStudy {
  /** Names of both judges. */
  readonly judges: readonly [first: string, second: string];
  /** The file that was written; null when it was refused. */
  readonly file: string | null;
  /** Rows that are left out, because they are labelled as ties and the judges know none. */
  readonly ties: number;
}

/** Reads the names of the judges of a run; null when it has one. Throws AbtieError("data") when the folder is not that of a run. */
export async function judgesOfRun(
  run: string,
  { cwd }: Pick<Effects, "cwd">,
): Promise<readonly [string, string] | null> {
  const { config } = await loadRunConfig(resolve(cwd, run));
  return config.escalation?.names ?? null;
}

/**
 * Fits the combination of two judges to the labelled rows of a run that both have judged, cross-validated by prompt, and writes its
 * file unless it does not help. Throws AbtieError("data") when the run or its labels cannot be used, and AbtieError("config") when the
 * output has the name of another kind of file.
 */
export async function calibrateJudges(
  options: CalibrateJudgesOptions,
  effects: Pick<Effects, "cwd" | "signal" | "progress">,
): Promise<JudgesResult> {
  const run = await loadRunFolder(resolve(effects.cwd, options.run));
  const judges = run.config.escalation?.names;
  if (judges === undefined) throw new AbtieError("data", `${run.folder} is a run with one judge: name one with two`);
  const folder = join(run.folder, judgeFolder(judges[1]));
  const second = { ...(await loadRunConfig(folder)), journalFile: join(folder, "journal.jsonl") };
  const output = await calibrationOutput(run, options, effects, (text, path) =>
    canParse(() => parseEscalation(text, path)),
  );
  await using labelled = await openLabelledRun(run, options, effects);
  const { rows, truth, groups, ties, dataset } = labelled;
  createReportStep(rows.length, effects)("fitting the combination to all folds but one, in turn");
  // Both judges' answers are of the same file: the other run folder may be of an earlier moment, after a kill.
  const { readings, second: others } = takeRunRows(run.rows, rows);
  if (others === null) {
    throw new AbtieError("data", `${run.folder} has no answers of ${judges[1]} in rows.jsonl: run it again`);
  }
  const study = studyEscalation(
    { readings: [readings, others], truth, groups },
    { seed: run.config.seed, ...(options.folds === undefined ? {} : { folds: options.folds }) },
  );
  const file = study.refusal === null ? output : null;
  if (file !== null) {
    const content = escalationOf(study, {
      sha256: dataset.sha256,
      judges: [judgeOf(run), judgeOf(second)],
      pilot: await pilotOf(run, second),
    });
    await writeAtomic(file, formatEscalation(content));
  }
  return { ...study, judges, file, ties };
}

/** Collects how fast both judges were, and how long the engines took to start that abtie started. */
async function pilotOf(
  first: Pick<LoadedRun, "journalFile" | "config">,
  second: Pick<LoadedRun, "journalFile" | "config">,
): Promise<Pilot> {
  const [one, other] = [await measureSpeed(first.journalFile), await measureSpeed(second.journalFile)];
  return {
    tokensPerSecond:
      one.tokensPerSecond === null || other.tokensPerSecond === null
        ? null
        : [one.tokensPerSecond, other.tokensPerSecond],
    startUpSeconds: [measuredStart(first, one), measuredStart(second, other)],
  };
}

/** The longest start of an engine, s. Null for one that ran already: journals of earlier versions hold a start of these too. */
function measuredStart(
  { config }: Pick<LoadedRun, "config">,
  { startUpSeconds }: MeasuredSpeed,
): Pilot["startUpSeconds"][0] {
  return config.engine.kind === "spawn" ? startUpSeconds : null;
}
