import type { Config } from "../config/config.ts";
import type { Effects } from "../effects.ts";
import { AbtieError } from "../errors.ts";
import { writeAtomic } from "../files/atomic.ts";
import { createJudgeLoader } from "../job/load-judge.ts";
import { openRows } from "../job/open-rows.ts";
import { packageVersion } from "../job/package-version.ts";
import { createPublisher } from "../job/publisher.ts";
import { emptySession, runSession } from "../job/session.ts";
import { summarize } from "../job/summarize.ts";
import type { RunSummary } from "../job/summary.ts";
import { armTimeLimits } from "../job/time-limits.ts";
import { hasWorkLeft } from "../job/work-left.ts";
import { createAggregate } from "../judge/aggregate.ts";
import { drawClock } from "../report/render-clock.ts";
import { openRunFolder } from "../runfolder/open-run-folder.ts";

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
  using limits = armTimeLimits(config, effects);
  const version = await packageVersion();
  await using dataset = await openRows(config, effects.signal);
  const opener = await createJudgeLoader(config, dataset);
  const { template } = opener;
  const { judge, calibration } = await createAggregate(config, template, effects.log);
  await using folder = await openRunFolder({ config, dataset, template, version, ...options, effects });
  const { state, journal } = folder;
  const board = createPublisher({
    ...{ ids: dataset.ids, state, journal, judge, prior: config.prior },
    ...{ submission: config.output, rows: folder.rowsFile, columns: config.columns, clip: config.clip },
    ...{ clock, log: effects.log },
  });
  // Nothing may be sent before a complete file is there; a disk that refuses it is found now.
  await board.publishFirst();
  limits.guard(config.output);
  const session = hasWorkLeft(config, state)
    ? await runSession({ config, opener, dataset, folder, board, judge, limits, began, effects }).finally(() =>
        drawClock(folder, effects),
      )
    : emptySession(clock.monotonic());

  const ended = clock.monotonic();
  const summary = summarize({
    ...{ config, dataset, state, judge, outcome: board.outcome, tally: session.tally, end: session.end },
    ...{ engine: session.engine ?? state.engineModel, resumedRows: folder.resumedRows, calibration },
    ...{ usage: session.usage, forecasts: session.forecasts },
    files: {
      submission: config.output,
      runFolder: folder.path,
      rows: folder.rowsFile,
      journal: folder.journalFile,
      clock: folder.clockFile,
    },
    seconds: {
      total: (ended - began) / 1000,
      startUp: (session.scoringSince - began) / 1000,
      scoring: session.usage?.seconds ?? (ended - session.scoringSince) / 1000,
    },
  });
  await writeAtomic(folder.summaryFile, `${JSON.stringify(summary, null, 2)}\n`).catch((error: unknown) => {
    effects.log("error", `summary.json could not be written: ${error instanceof AbtieError ? error.message : error}`);
  });
  board.check();
  return summary;
}
