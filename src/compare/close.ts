import type { Dataset } from "../dataset/open-dataset.ts";
import type { Effects } from "../effects.ts";
import { messageOf } from "../errors.ts";
import { writeAtomic } from "../files/atomic.ts";
import { summarize } from "../job/summarize.ts";
import type { RunSummary } from "../job/summary.ts";
import type { GroupEnd } from "./score-group.ts";
import type { VariantRun } from "./variant-run.ts";

/** Ends the session of every contestant: publishes what it has, closes the books of its journal, and writes its summary. */
export async function closeVariantRuns(
  contestants: readonly VariantRun[],
  end: GroupEnd | "failed",
  options: {
    readonly dataset: Dataset;
    /** Monotonic ms. */
    readonly began: number;
    readonly effects: Pick<Effects, "clock" | "log">;
  },
): Promise<void> {
  const { dataset, began } = options;
  const { clock, log } = options.effects;
  for (const contestant of contestants) {
    const { board, folder, recorder } = contestant;
    await board.close();
    recorder.record({ event: "session-end", at: clock.now(), status: end });
    await folder.journal.checkpoint();
    if (end === "failed") continue;
    const summary = summaryOf(contestant, end, dataset, (clock.monotonic() - began) / 1000);
    await writeAtomic(folder.summaryFile, `${JSON.stringify(summary, null, 2)}\n`).catch((error: unknown) => {
      const reason = messageOf(error);
      log("error", `${folder.summaryFile} could not be written: ${reason}`);
    });
  }
}

function summaryOf(contestant: VariantRun, end: GroupEnd, dataset: Dataset, totalSeconds: number): RunSummary {
  const { config, folder, board, recorder, judgement } = contestant;
  const { engineModel, longestStartUpSeconds } = folder.state;
  const startUp = Math.min(totalSeconds, longestStartUpSeconds ?? 0);
  const summary = summarize({
    ...{
      config,
      dataset,
      state: folder.state,
      judge: judgement.judge,
      outcome: board.outcome,
      tally: recorder.tally,
      end,
      forecasts: [],
      usage: null,
    },
    ...{ resumedRows: folder.resumedRows, calibration: judgement.calibration },
    engine: null,
    files: {
      ...{
        submission: config.output,
        runFolder: folder.path,
        rows: folder.rowsFile,
        journal: folder.journalFile,
        clock: null,
      },
    },
    seconds: { total: totalSeconds, startUp, scoring: totalSeconds - startUp },
  });
  return {
    ...summary,
    engine: { name: config.engine.name, version: engineModel?.version ?? null, method: engineModel?.method ?? null },
  };
}
