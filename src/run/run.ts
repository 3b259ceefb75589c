import type { Config } from "../config/config.ts";
import { AbtieError } from "../errors.ts";
import { writeAtomic } from "../files/atomic.ts";
import { isAnswered } from "../journal/run-state.ts";
import { createBoard } from "./board.ts";
import type { Effects } from "./effects.ts";
import { planFirstPass } from "./first-pass.ts";
import { createJudge } from "./judge-reading.ts";
import { createJudgingOpener } from "./judging-opener.ts";
import { openSlots } from "./open-slots.ts";
import { packageVersion } from "./package.ts";
import { progressLine } from "./progress-line.ts";
import { createRecorder } from "./recorder.ts";
import { openRows } from "./rows.ts";
import { openRunFolder } from "./run-folder.ts";
import { scoreRows } from "./score-rows.ts";
import { summarize } from "./summarize.ts";
import type { RunEnd, RunSummary } from "./summary.ts";
import { armTimeLimits } from "./time-limits.ts";

export interface RunOptions {
  /** Continue although what the answers depend on has changed. */
  readonly force: boolean;
  /** Forget what the run folder holds. */
  readonly fresh: boolean;
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

  const planner = planFirstPass({
    rows: dataset.ids.length,
    orders: config.orders === "both" ? ["ab", "ba"] : ["ab"],
    isDone: (row, order) => isAnswered(state, row, order),
  });
  const session = { startedAt: clock.monotonic(), end: "done" as RunEnd, failed: false };
  const recorder = createRecorder({
    ...{ journal, state, board, clock },
    onOutcome: (task) => {
      planner.told(task);
      showProgress();
    },
  });
  const showProgress = (): void => {
    const { scoredPrompts: prompts, promptTokens: tokens } = recorder.tally;
    const done = state.orders.ab.answered + state.orders.ba.answered;
    const progress = { done, total: planner.total, prompts, tokens, ms: clock.monotonic() - session.startedAt };
    effects.progress({ stage: "score", done, total: planner.total, text: progressLine(progress) });
  };
  let engine = null;
  let usage = null;
  try {
    await using slots = await openSlots({ config, opener, folder, recorder, effects, signal: limits.signal });
    engine = slots.first();
    session.startedAt = clock.monotonic();
    try {
      session.end = await scoreRows({ config, planner, slots, recorder, effects, limits });
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
    ...{ resumedRows: folder.resumedRows, calibration, usage },
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
