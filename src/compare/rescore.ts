import type { Effects } from "../effects.ts";
import { packageVersion } from "../job/package-version.ts";
import { createRecorder } from "../job/recorder.ts";
import { type Journal, openJournal } from "../runfolder/journal/append.ts";
import { JOURNAL_FORMAT } from "../runfolder/journal/events.ts";
import type { Summary } from "../schedule/types.ts";
import { pickToRescore } from "./order.ts";
import { scoreEntries } from "./score-entries.ts";
import type { VariantRun } from "./variant-run.ts";

type Scoring = Omit<Parameters<typeof scoreEntries>[0], "choices" | "recorders" | "effects">;

/** Scores samples of the contestants' rows once more, in another order and so in other batches, into journals of their own. */
export async function rescore(
  contestants: readonly VariantRun[],
  options: Scoring & { readonly samples: readonly Uint32Array[]; readonly effects: Effects },
): Promise<Summary["end"]> {
  const { samples, effects, ...scoring } = options;
  const { clock, log } = effects;
  const choices = [...pickToRescore(contestants, samples)];
  const journals: Journal[] = [];
  const version = await packageVersion();
  let done = 0;
  try {
    for (const { again } of contestants) journals.push(await openJournal(again.file, { clock, log }));
    const recorders = contestants.map(({ again: { state } }, place) => {
      const journal = journals[place];
      if (journal === undefined) throw new Error("every contestant has a journal");
      const onOutcome = (): void => {
        done += 1;
        const text = `scoring a sample again: ${done}/${choices.length}`;
        effects.progress({ stage: "score", done, total: choices.length, text });
      };
      const recorder = createRecorder({ journal, state, board: { answered: () => {} }, clock, onOutcome });
      recorder.record({ event: "session-start", at: clock.now(), format: JOURNAL_FORMAT, pid: effects.pid, version });
      return recorder;
    });
    // What the server still has of the first time would only be repeated.
    const cacheSalt = `again-${clock.now()}`;
    return await scoreEntries({ ...scoring, effects, choices, recorders, cacheSalt });
  } finally {
    await Promise.all(journals.map((journal) => journal.close()));
  }
}
