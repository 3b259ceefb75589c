import { allEnded } from "../all-ended.ts";
import type { Effects } from "../effects.ts";
import { packageVersion } from "../job/package-version.ts";
import { createRecorder } from "../job/recorder.ts";
import { type Journal, openJournal } from "../runfolder/journal/append.ts";
import { JOURNAL_FORMAT } from "../runfolder/journal/events.ts";
import type { Summary } from "../schedule/types.ts";
import { promptsToRescore } from "./prompt-order.ts";
import { scorePrompts } from "./score-prompts.ts";
import type { VariantRun } from "./variant-run.ts";

type Scoring = Pick<Parameters<typeof scorePrompts>[0], "pool" | "config" | "signal">;

/**
 * Scores samples of the variants' rows again, in another order and therefore in other batches. The results are written
 * to separate journals.
 */
export async function rescore(
  runs: readonly VariantRun[],
  options: Scoring & { readonly samples: readonly Uint32Array[]; readonly effects: Effects },
): Promise<Summary["end"]> {
  const { samples, effects, ...scoring } = options;
  const { clock, disk, log } = effects;
  const prompts = [...promptsToRescore(runs, samples)];
  const journals: Journal[] = [];
  const version = await packageVersion();
  let done = 0;
  try {
    for (const { again } of runs) journals.push(await openJournal(again.file, { clock, disk, log }));
    const recorders = runs.map(({ again: { state } }, index) => {
      const journal = journals[index];
      if (journal === undefined) throw new Error("every variant has a journal");
      const recorder = createRecorder({ journal, state, clock, redact: effects.redactor.redact });
      recorder.record({
        event: "session-start",
        at: clock.now(),
        format: JOURNAL_FORMAT,
        pid: effects.machine.pid,
        version,
      });
      return recorder;
    });
    return await scorePrompts({
      ...scoring,
      effects,
      prompts,
      recorders,
      // The salt must be new, because answers from prefixes in the server's cache would only repeat the first scoring.
      cacheSalt: `again-${clock.now()}`,
      onRequest: ({ outcomes }) => {
        done += outcomes.length;
        const text = `scoring a sample again: ${done}/${prompts.length}`;
        effects.progress({ stage: "score", done, total: prompts.length, text });
      },
    });
  } finally {
    await allEnded(journals.map((journal) => journal.close()));
  }
}
