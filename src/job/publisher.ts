import type { OutputInput, RowDetails } from "../dataset/submission/output-columns.ts";
import { writeSubmission } from "../dataset/submission/write-submission.ts";
import { AbtieError } from "../errors.ts";
import type { Disk } from "../files/disk.ts";
import { isFile } from "../files/exists.ts";
import type { VerdictOf } from "../judge/aggregate.ts";
import {
  type Aggregate,
  type Combine,
  outcomeOf,
  outcomeOfTwo,
  type RowAnswers,
  type RowOutcome,
} from "../judge/outcome.ts";
import type { Journal } from "../runfolder/journal/append.ts";
import type { Ownership } from "../runfolder/ownership.ts";
import { writeRows } from "../runfolder/rows-file.ts";
import { type RunState, readingOf } from "../runfolder/state/run-state.ts";
import type { Classes, Clock, Log, OutputForm, PerClass } from "../types.ts";
import { answersOf } from "./answers.ts";
import { recordsOf } from "./records.ts";

/** Writes the results of a run, which are the submission and rows.jsonl, and replaces these files as rows are answered. */
export interface Publisher {
  readonly outcome: (row: number) => RowOutcome;
  /** Combines the used answers of both judges; null in a run with one, and for a row that the first has not answered. */
  readonly combined: (row: number) => ReturnType<Combine> | null;
  /** Writes both files for the first time. Throws AbtieError("data") when they cannot be written. */
  readonly publishFirst: () => Promise<void>;
  /** Counts an answer, and starts to publish when publishing is due. */
  readonly answered: () => void;
  /** Publishes the answers that are not published yet, and waits until both files are written. May be called again. */
  readonly close: () => Promise<void>;
  /** Throws AbtieError("data") when the last attempt to publish failed. The files in place are complete, but older. */
  readonly check: () => void;
}

export interface PublisherOptions {
  readonly ids: readonly string[];
  readonly state: RunState;
  readonly journal: Journal;
  readonly aggregate: Aggregate;
  /** The second of two judges; absent or null for a run with one. */
  readonly second?: SecondAnswers | null;
  readonly verdictOf: VerdictOf | null;
  readonly prior: PerClass;
  readonly submission: string;
  readonly form: OutputForm;
  /** The rows of the input, whose columns the submission may repeat. */
  readonly input: OutputInput;
  readonly rows: string;
  readonly columns: { readonly id: string; readonly labels: readonly [string, string, string] };
  readonly classes: Classes;
  readonly clip: readonly [low: number, high: number];
  readonly clock: Clock;
  /** Default: the disk of this machine. */
  readonly disk?: Disk;
  /** Remembers that this run wrote the submission. */
  readonly ownership?: Ownership;
  readonly log: Log;
}

/** What the results of a run take from its second judge. */
export interface SecondAnswers {
  readonly state: RunState;
  readonly journal: Journal;
  readonly combine: Combine;
  /** False while the labels got almost no probability from it, so that its answers are not used. */
  readonly isUsed: () => boolean;
}

/** Creates the publisher of a run. */
export function createPublisher(options: PublisherOptions): Publisher {
  const { ids, state, aggregate, prior, second = null, clock, log } = options;
  let rowsSince = 0;
  let publishedAt = clock.monotonic();
  let lastCostMs = 0;
  let current: Promise<void> | null = null;
  let failure: AbtieError | null = null;
  let isThere = true;
  let closed = false;
  let wasUsed = true;

  const outcome = (row: number): RowOutcome => {
    const answers = answersOf(state, row);
    if (second === null) return outcomeOf(answers, aggregate, prior);
    return outcomeOfTwo(answers, usedAnswers(second, row), second.combine, prior);
  };
  const combined = (row: number): ReturnType<Combine> | null => {
    const first = answersOf(state, row);
    if (second === null || (first.ab === null && first.ba === null)) return null;
    return second.combine(first, usedAnswers(second, row));
  };

  const write = async (): Promise<void> => {
    wasUsed = second?.isUsed() ?? true;
    // An answer in the submission must not be missing in the journal after a crash. So the journal is forced onto the disk when the
    // content is known: an answer that arrives meanwhile is not in it.
    const beforeReplace = async (): Promise<void> => {
      await options.journal.checkpoint();
      await second?.journal.checkpoint();
    };
    const probabilities = (row: number): PerClass => outcome(row).probabilities;
    const details = (row: number): RowDetails => {
      const reading = readingOf(state, row, "ab") ?? readingOf(state, row, "ba");
      const judged = outcome(row);
      return { ...judged, mass: reading?.mass ?? null, verdict: options.verdictOf?.(judged) ?? null };
    };
    await writeSubmission(options.submission, ids, probabilities, { ...options, details, beforeReplace });
    await writeRows(
      options.rows,
      recordsOf({ ids, state, second: second?.state ?? null, chosen: options.input.chosen }, outcome),
      options.disk,
    );
  };
  const publish = async (): Promise<void> => {
    const began = clock.monotonic();
    rowsSince = 0;
    try {
      await write();
      failure = null;
    } catch (error) {
      // The last complete files stay in place and the run goes on, because it can write newer files later.
      if (!(error instanceof AbtieError)) throw error;
      if (failure === null) log("error", `the results could not be written and will be tried again: ${error.message}`);
      failure = error;
      // When the disk does not say, what was known before holds.
      isThere = await isFile(options.submission, options.disk).catch(() => isThere);
    }
    publishedAt = clock.monotonic();
    lastCostMs = publishedAt - began;
  };
  // One writer at a time: two would replace newer files by older ones, and each would forget what the other has written.
  const startToPublish = (): Promise<void> => {
    current ??= publish().finally(() => {
      current = null;
    });
    return current;
  };
  const isDirty = (): boolean => !closed || failure !== null || rowsSince > 0 || wasUsed !== (second?.isUsed() ?? true);

  return {
    outcome,
    combined,
    publishFirst: write,
    answered: () => {
      rowsSince += 1;
      if (current !== null || !isDue(rowsSince, clock.monotonic() - publishedAt, lastCostMs)) return;
      void startToPublish();
    },
    close: async () => {
      while (current !== null) await current;
      if (isDirty()) await startToPublish();
      closed = true;
    },
    check: () => {
      if (failure === null) return;
      throw new AbtieError(
        "data",
        isThere
          ? `the last results could not be written. ${options.submission} is complete and valid, but older: run it again`
          : `the results could not be written, and ${options.submission} is missing: its folder was removed or cannot be read. The ` +
              "answers are in the journal if the run folder is still there: mend the path and run it again",
        { cause: failure, details: [failure.message] },
      );
    },
  };
}

function usedAnswers({ state, isUsed }: SecondAnswers, row: number): Pick<RowAnswers, "ab" | "ba"> {
  return isUsed() ? answersOf(state, row) : { ab: null, ba: null };
}

const DUE_ROWS = 500;
const DUE_MS = 30_000;
/** Largest share of the run's time that writing may take. */
const COST_SHARE = 0.05;

/** Publishing is due after 500 answers or 30 s, but never so often that writing takes more than 5 % of the time. */
function isDue(rowsSince: number, msSince: number, lastCostMs: number): boolean {
  if (rowsSince === 0 || msSince < lastCostMs / COST_SHARE) return false;
  return rowsSince >= DUE_ROWS || msSince >= DUE_MS;
}
