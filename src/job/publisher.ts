import { writeSubmission } from "../dataset/submission/write-submission.ts";
import { AbtieError } from "../errors.ts";
import { type Aggregate, outcomeOf, type RowOutcome } from "../judge/outcome.ts";
import type { Journal } from "../runfolder/journal/append.ts";
import { type RowReading, type RowRecord, writeRows } from "../runfolder/rows-file.ts";
import { attemptsOf, isShort, type RunState, readingOf } from "../runfolder/state/run-state.ts";
import type { Clock, Log, Order, Triple } from "../types.ts";
import { answersOf } from "./answers.ts";
import { publishDue } from "./publish-due.ts";

/** Where the results of a run are shown to the outside: the submission and rows.jsonl, replaced as rows come in. */
export interface Publisher {
  readonly outcome: (row: number) => RowOutcome;
  /** Writes both files for the first time. Throws AbtieError("data") when they cannot be written. */
  readonly publishFirst: () => Promise<void>;
  /** Notes that a row was answered, and starts publishing when it is due. */
  readonly answered: () => void;
  /** Publishes what is not published yet; waits for what is under way. To be called at the end, and again when in doubt. */
  readonly close: () => Promise<void>;
  /** Throws AbtieError("data") when the last publishing has failed: the files in place are complete, but older. */
  readonly check: () => void;
}

export interface PublisherOptions {
  readonly ids: readonly string[];
  readonly state: RunState;
  readonly journal: Journal;
  readonly judge: Aggregate;
  readonly prior: Triple;
  readonly submission: string;
  readonly rows: string;
  readonly columns: { readonly id: string; readonly labels: readonly [string, string, string] };
  readonly clip: readonly [low: number, high: number];
  readonly clock: Clock;
  readonly log: Log;
}

/** Creates the board of a run. */
export function createPublisher(options: PublisherOptions): Publisher {
  const { ids, state, judge, prior, clock, log } = options;
  let rowsSince = 0;
  let publishedAt = clock.monotonic();
  let lastCostMs = 0;
  let current: Promise<void> | null = null;
  let failure: AbtieError | null = null;
  let closed = false;

  const outcome = (row: number): RowOutcome => outcomeOf(answersOf(state, row), judge, prior);

  const write = async (): Promise<void> => {
    // The journal first: what a submission shows must survive it.
    await options.journal.checkpoint();
    await writeSubmission(options.submission, ids, (row) => outcome(row).probabilities, options);
    await writeRows(options.rows, recordsOf(ids, state, outcome));
  };
  const publish = async (): Promise<void> => {
    const began = clock.monotonic();
    rowsSince = 0;
    try {
      await write();
      failure = null;
    } catch (error) {
      // The last complete files stay in place; a run goes on without newer ones rather than dying.
      if (!(error instanceof AbtieError)) throw error;
      if (failure === null) log("error", `the results could not be written and will be tried again: ${error.message}`);
      failure = error;
    }
    publishedAt = clock.monotonic();
    lastCostMs = publishedAt - began;
  };

  return {
    outcome,
    publishFirst: write,
    answered: () => {
      rowsSince += 1;
      const due = publishDue({ rowsSince, msSince: clock.monotonic() - publishedAt, lastCostMs });
      if (!due || current !== null) return;
      current = publish().finally(() => {
        current = null;
      });
    },
    close: async () => {
      await current;
      if (!closed || failure !== null) await publish();
      closed = true;
    },
    check: () => {
      if (failure === null) return;
      throw new AbtieError(
        "data",
        `the last results could not be written. ${options.submission} is complete and valid, but older: run it again`,
        { cause: failure, details: [failure.message] },
      );
    },
  };
}

function* recordsOf(
  ids: readonly string[],
  state: RunState,
  outcome: (row: number) => RowOutcome,
): Generator<RowRecord> {
  for (const [row, id] of ids.entries()) {
    yield {
      id,
      ...outcome(row),
      attempts: attemptsOf(state, row, "ab") + attemptsOf(state, row, "ba"),
      ab: recordOf(state, row, "ab"),
      ba: recordOf(state, row, "ba"),
    };
  }
}

function recordOf(state: RunState, row: number, order: Order): RowReading | null {
  const reading = readingOf(state, row, order);
  if (reading === null) return null;
  const { tokens, cutTokens, neutralised } = state.orders[order];
  return {
    ...reading,
    tokens: tokens[row] ?? 0,
    cutTokens: cutTokens[row] ?? 0,
    neutralised: neutralised[row] ?? 0,
    short: isShort(state, row, order),
  };
}
