import { join } from "node:path";
import { inodeOf } from "../files/inode.ts";
import { formatCount, plural } from "../format.ts";
import { type Journal, openJournal } from "./journal/append.ts";
import { JOURNAL_FORMAT } from "./journal/events.ts";
import { checkManifest, type RunIdentity } from "./manifest/check-manifest.ts";
import { checkModel } from "./manifest/check-model.ts";
import type { ModelIdentity } from "./manifest/model-identity.ts";
import { fold } from "./state/fold.ts";
import { resumeRun } from "./state/resume.ts";
import type { RunState } from "./state/run-state.ts";

/** The folder of the run on which this process works: the run's state and its journal. */
export interface RunFolder extends AsyncDisposable {
  readonly path: string;
  readonly journalFile: string;
  readonly rowsFile: string;
  readonly summaryFile: string;
  /** Path of the picture (SVG) of forecasts and ladder steps. */
  readonly clockFile: string;
  readonly state: RunState;
  readonly journal: Journal;
  /** Number of rows that earlier sessions answered. */
  readonly resumedRows: number;
  /** Records the start of a session. `at` (ms since 1970) is the present time unless it is given. */
  readonly begin: (at?: number) => void;
  /** Compares the model of the engines with the one that gave the earlier answers, see `checkModel`. */
  readonly checkModel: (model: ModelIdentity) => Promise<void>;
}

/**
 * Opens the folder of a new or earlier run. The caller holds its lock. Throws AbtieError("data") when its journal is
 * corrupt, and AbtieError("config") when a setting that changes answers is different now and `force` is not
 * given.
 */
export async function openRunFolder(options: RunIdentity): Promise<RunFolder> {
  const { config, dataset, effects } = options;
  const { clock, disk, machine } = effects;
  const path = config.runFolder;
  const journalFile = join(path, "journal.jsonl");
  if (options.fresh) await disk.rm(journalFile, { force: true });
  await checkManifest(options);
  const state = await resumeRun(journalFile, dataset.ids.length, config.classes, disk);
  const resumedRows = state.orders.ab.answered;
  if (resumedRows > 0)
    effects.log(
      "info",
      `continuing ${path}: ${formatCount(resumedRows)} of ${plural(dataset.ids.length, "row")} are answered`,
    );
  const journal = await openJournal(journalFile, { clock, log: effects.log, disk });
  const opened = await inodeOf(journalFile, disk).catch(() => null);
  const close = async (): Promise<void> => {
    await journal.close();
    // The system lets a process write into a file that has no name any more. A disk that does not say is no proof of it.
    if (opened !== null && (await inodeOf(journalFile, disk).catch(() => opened)) !== opened)
      effects.log("error", `${journalFile} was removed or replaced during the run: its answers are lost`);
  };
  const begin = (at = clock.now()): void => {
    const format = JOURNAL_FORMAT;
    const start = { event: "session-start", at, format, pid: machine.pid, version: options.version } as const;
    journal.append(start);
    fold(state, start);
  };
  return {
    path,
    journalFile,
    rowsFile: join(path, "rows.jsonl"),
    summaryFile: join(path, "summary.json"),
    clockFile: join(path, "clock.svg"),
    state,
    journal,
    resumedRows,
    begin,
    checkModel: (model) =>
      checkModel({
        folder: path,
        manifestFile: join(path, "manifest.json"),
        model,
        journaled: state.engineModel?.model ?? null,
        hasAnswers: state.orders.ab.answered + state.orders.ba.answered > 0,
        force: options.force,
        disk,
        log: effects.log,
      }),
    [Symbol.asyncDispose]: close,
  };
}
