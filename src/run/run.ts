import type { Config } from "../config/config.ts";
import { AbtieError } from "../errors.ts";
import { writeAtomic } from "../files/atomic.ts";
import { createBoard } from "./board.ts";
import { createClockLog } from "./clock-log.ts";
import type { Effects } from "./effects.ts";
import { createJudge } from "./judge-reading.ts";
import { createJudgingOpener } from "./judging-opener.ts";
import { estimateLengths } from "./lengths.ts";
import { openSlots } from "./open-slots.ts";
import { packageVersion } from "./package.ts";
import { showProgress } from "./progress-line.ts";
import { createRecorder } from "./recorder.ts";
import { openRows } from "./rows.ts";
import { openRunFolder } from "./run-folder.ts";
import { scoreRows } from "./score-rows.ts";
import { summarize } from "./summarize.ts";
import type { RunEnd, RunSummary } from "./summary.ts";
import { armTimeLimits } from "./time-limits.ts";
import { createTimedPlanner, type TimedPlanner } from "./timed-planner.ts";

export interface RunOptions {
  /** Continue although what the answers depend on has changed. */
  readonly force: boolean;
  /** Forget what the run folder holds. */
  readonly fresh: boolean;
}

/** What changes while a session runs. */
interface Session {
  startedAt: number;
  end: RunEnd;
  failed: boolean;
  planner: TimedPlanner | null;
}

/**
 * Scores the rows of a config and writes the submission. A complete file of fallback probabilities is on disk before the
 * engine starts, and every later version replaces it atomically. Throws AbtieError: config, data, engine (the file of
 * fallbacks is then in place). An abort ends in a summary, not in an error.
 */
export async function runJob(config: Config, options: RunOptions, effects: Effects): Promise<RunSummary> {
  const { clock } = effects;
  const began = clock.monotonic();
  const limits = armTimeLimits(config, effects);
  const version = await packageVersion();
  await using dataset = await openRows(config, effects.signal);
  const opener = await createJudgingOpener(config, dataset);
  const { template } = opener;
  const { judge, calibration } = await createJudge(config, template, effects.log);
  await using folder = await openRunFolder({ config, dataset, template, version, ...options, effects });
  const { state, journal } = folder;
  const board = createBoard({
    ...{ ids: dataset.ids, state, journal, judge, prior: config.prior },
    ...{ submission: config.output, rows: folder.rowsFile, columns: config.columns, clip: config.clip },
    ...{ clock, log: effects.log },
  });
  // Nothing may be sent before a complete file is there; a disk that refuses it is found now.
  await board.publishFirst();
  limits.guard(config.output);
  // Mistakes in template and labels are found before minutes go into the start of a server.
  if (opener.local) await opener.open(null);

  const session: Session = { startedAt: clock.monotonic(), end: "done", failed: false, planner: null };
  const recorder = createRecorder({
    ...{ journal, state, board, clock },
    onOutcome: (task, answered) => session.planner?.told(task, answered),
  });
  let engine = null;
  let usage = null;
  try {
    await using slots = await openSlots({
      ...{ config, opener, folder, recorder, effects, signal: limits.signal },
      onEngines: (up, lost) => session.planner?.engine(up, lost),
    });
    engine = slots.first();
    const planner = createTimedPlanner({
      ...{ config, state, judge, clock, judging: slots.judging, budget: limits.budget, startedAt: began },
      tokens: await estimateLengths(slots.judging, dataset, limits.signal),
      onDecision: createClockLog({ record: recorder.record, clock, log: effects.log }),
    });
    planner.engine(true, false);
    session.planner = planner;
    session.startedAt = clock.monotonic();
    try {
      const show = (): void => showProgress(planner, state, recorder.tally, session.startedAt, effects);
      session.end = await scoreRows({ config, planner, slots, recorder, effects, limits, show });
      usage = slots.usage();
    } finally {
      // Before the engine is stopped, which may take longer than what is left until the deadline.
      await board.close();
    }
  } catch (error) {
    session.failed = !limits.signal.aborted;
    if (session.failed) throw error;
    session.end = effects.signal.aborted ? "interrupted" : "deadline";
  } finally {
    await board.close();
    recorder.record({ event: "session-end", at: clock.now(), status: session.failed ? "failed" : session.end });
    await journal.checkpoint();
  }

  const ended = clock.monotonic();
  const summary = summarize({
    ...{ config, dataset, state, outcome: board.outcome, tally: recorder.tally, end: session.end, engine },
    ...{ resumedRows: folder.resumedRows, calibration, usage, forecasts: session.planner?.forecastErrors() ?? [] },
    files: {
      submission: config.output,
      runFolder: folder.path,
      rows: folder.rowsFile,
      journal: folder.journalFile,
    },
    seconds: {
      total: (ended - began) / 1000,
      startUp: (session.startedAt - began) / 1000,
      scoring: usage?.seconds ?? (ended - session.startedAt) / 1000,
    },
  });
  await writeAtomic(folder.summaryFile, `${JSON.stringify(summary, null, 2)}\n`).catch((error: unknown) => {
    effects.log("error", `summary.json could not be written: ${error instanceof AbtieError ? error.message : error}`);
  });
  board.check();
  return summary;
}
