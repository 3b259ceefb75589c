import { findBench } from "../bench/bench-file.ts";
import type { Config } from "../config/config.ts";
import { judgesOf } from "../config/judges.ts";
import type { Effects } from "../effects.ts";
import { AbtieError } from "../errors.ts";
import { ensureFirstFile } from "../job/first-file.ts";
import { filesOfRun } from "../job/job-files.ts";
import type { Job } from "../job/open-job.ts";
import { openJobs } from "../job/open-second.ts";
import { type JobParts, REAL_PARTS } from "../job/parts.ts";
import type { Session, SessionOptions } from "../job/score-on-engines.ts";
import { finishedSession, runSession } from "../job/session.ts";
import { withSubmission } from "../job/submission-state.ts";
import { type RunSummary, type SummaryInput, writeSummary } from "../job/summary.ts";
import { armTimeLimits } from "../job/time-limits.ts";
import { hasWorkLeft } from "../job/work-left.ts";
import { drawClock } from "../report/render-clock.ts";
import { refuseForeignOutput } from "../runfolder/ownership.ts";
import { refuseOutputs } from "../runfolder/refuse-outputs.ts";
import { type RunLocks, withRunLocks } from "../runfolder/run-locks.ts";

export interface RunOptions {
  /**
   * Continue although config, data, template or model changed since the run began, or the labels get almost no probability; replace
   * an output that this run did not write.
   */
  readonly force: boolean;
  /** Forget the results in the run folder. */
  readonly fresh: boolean;
  /** Prompt tokens that the engine reads in a second, as a bench measured them; the journaled plan then has times. */
  readonly tokensPerSecond?: number | null;
  /** The bench.json that this speed is from: no output may overwrite it. */
  readonly benchFile?: string | null;
}

/**
 * Scores the rows of a config and writes the submission. A complete file of fallback probabilities is on disk as soon as the
 * ids of the rows are known, and every later version replaces it atomically. Throws AbtieError: config (also when the run would
 * overwrite a file that it reads), data, engine (the file of fallbacks is then in place). An abort ends in a summary, not in an
 * error; so does a run that scored rows and failed, see `RunSummary.failure`.
 */
export async function runJob(
  config: Config,
  options: RunOptions,
  effects: Effects,
  parts: JobParts = REAL_PARTS,
): Promise<RunSummary> {
  return withRunLocks(effects, (locks) => runLocked(config, options, locks, parts));
}

async function runLocked(
  config: Config,
  options: RunOptions,
  { effects, take }: RunLocks,
  parts: JobParts,
): Promise<RunSummary> {
  const { clock } = effects;
  const began = clock.monotonic();
  // The watchdog runs before a file is looked at: any of them may be huge, or on a disk that does not answer.
  using limits = armTimeLimits(config, effects);
  await refuseOutputs(filesOfRun(config, { cwd: effects.cwd, benchFile: options.benchFile ?? null }), effects.disk);
  const configs = judgesOf(config);
  if (!options.force) for (const one of configs) await refuseForeignOutput(one, effects.disk);
  await using dataset = await parts.openRows(config, effects.signal, effects.log);
  for (const one of configs) await take(one);
  // Another run may have written the output before this one got the lock.
  if (!options.force) for (const one of configs) await refuseForeignOutput(one, effects.disk);
  // A complete file comes before everything else, because templates, tokenizers and engines may take long or fail.
  if (await ensureFirstFile(config, dataset, effects.disk, parts.validateSubmission)) limits.noteComplete();
  const abortReason = () =>
    effects.signal.aborted ? "interrupted" : limits.signal.aborted ? "deadline" : ("aborted" as const);
  await using threads = await parts.openPreparingThreads(config, dataset.ids.length);
  await using jobs = await openJobs({ config, dataset, ...options, abortReason, threads, effects, parts });
  const { job } = jobs;
  const second = job.second?.job ?? null;
  const isOpen = hasWorkLeft(config, job.folder.state, second?.folder.state);
  // Answers of a second judge whose labels get almost no probability must not come into a file.
  if (second !== null) judgeEarlierMass(second, isOpen);
  await second?.publisher.publishFirst();
  await job.publisher.publishFirst();
  limits.noteComplete();

  const session = isOpen
    ? await runSession(job, { limits, began, ...(await measuredSpeeds(config, options, effects)), effects })
        .catch((error: unknown) => {
          throw withSubmission(error, config.output, job.folder.state);
        })
        .finally(() => drawClock(job.folder, effects))
        .finally(() => drawSecondClock(second, effects))
    : await finishedSession(job, clock.monotonic());

  const ended = clock.monotonic();
  const inputOf = (
    { folder }: Job,
    { scoringSince, second: _second, ...result }: Session,
    since: number,
  ): SummaryInput => ({
    ...result,
    seconds: {
      total: (ended - since) / 1000,
      startUp: result.engine === null ? null : (scoringSince - since) / 1000,
      scoring: result.usage?.seconds ?? (ended - scoringSince) / 1000,
    },
    clockFile: folder.clockFile,
  });
  const ofSecond = session.second ?? null;
  if (second !== null && ofSecond !== null && ofSecond.session !== null) {
    await writeSummary(second, inputOf(second, ofSecond.session, ofSecond.began), effects);
  }
  const summary = await writeSummary(job, inputOf(job, session, began), effects);
  for (const { publisher } of second === null ? [job] : [job, second]) publisher.check();
  return summary;
}

/** Finds the speeds that benches measured: that of a flag, and with two judges those in the run folder of each. */
async function measuredSpeeds(
  { runFolder, escalation }: Config,
  { tokensPerSecond = null }: RunOptions,
  { disk, log }: Pick<Effects, "disk" | "log">,
): Promise<Pick<SessionOptions, "tokensPerSecond" | "secondTokensPerSecond">> {
  if (escalation === null) return { tokensPerSecond };
  const find = async (folder: string): Promise<number | null> => {
    try {
      return (await findBench({ runFolder: folder }, disk))?.tokensPerSecond ?? null;
    } catch (error) {
      if (!(error instanceof AbtieError)) throw error;
      // A run under a deadline does not end because of a file that it can do without.
      log("warn", `the speed of a judge counts as not measured: ${error.message}`);
      return null;
    }
  };
  return {
    tokensPerSecond: tokensPerSecond ?? (await find(runFolder)),
    secondTokensPerSecond: await find(escalation.second.runFolder),
  };
}

/** Judges the label mass of the answers of earlier sessions: all that there will be, or those so far if they are enough. */
function judgeEarlierMass({ massWatch, folder: { state } }: Job, isOpen: boolean): void {
  const { answered } = state.orders.ab;
  if (answered > 0 && (!isOpen || answered === state.rows)) massWatch.end();
  else massWatch.begin();
}

/** The clock of the second judge is drawn when it has worked. */
async function drawSecondClock(second: Job | null, effects: Effects): Promise<void> {
  if (second !== null && second.recorder.counts.requests > 0) await drawClock(second.folder, effects);
}
