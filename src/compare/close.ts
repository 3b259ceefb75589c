import type { Effects } from "../effects.ts";
import { writeSummary } from "../job/summary.ts";
import type { ScoringEnd } from "./score-variants.ts";
import type { VariantRun } from "./variant-run.ts";

/** Ends the session of every variant: publishes its results, ends its journal, and writes its summary unless scoring failed. */
export async function closeVariantRuns(
  runs: readonly VariantRun[],
  end: ScoringEnd | "failed",
  options: {
    /** Start of the comparison, ms of the monotonic clock. */
    readonly began: number;
    readonly effects: Pick<Effects, "clock" | "disk" | "log">;
  },
): Promise<void> {
  const { clock } = options.effects;
  for (const run of runs) {
    const { publisher, folder, recorder } = run;
    await publisher.close();
    recorder.record({ event: "session-end", at: clock.now(), status: end });
    await folder.journal.checkpoint();
    if (end === "failed") continue;
    const total = (clock.monotonic() - options.began) / 1000;
    const startUp = Math.min(total, folder.state.longestStartUpSeconds ?? 0);
    const seconds = { total, startUp, scoring: total - startUp };
    await writeSummary(
      run,
      { end, failure: null, engine: null, usage: null, forecasts: [], seconds, clockFile: null },
      options.effects,
    );
  }
}
