import type { RowOutcome } from "../judge/outcome.ts";
import type { RowReading, RowRecord } from "../runfolder/rows-file.ts";
import { attemptsOf, hasOtherDate, isShort, type RunState, readingOf } from "../runfolder/state/run-state.ts";
import type { Order } from "../types.ts";

/** The rows of a run, and what is known of them. */
interface RecordedRows {
  readonly ids: readonly string[];
  readonly state: RunState;
  /** The answers of the second of two judges; null in a run with one. */
  readonly second: RunState | null;
  /** The side to which the better answer of each row was dealt; null when the file has sides itself. */
  readonly chosen: readonly ("a" | "b")[] | null;
}

/** Gives the lines of rows.jsonl from the state of a run, in the order of `ids`. */
export function* recordsOf(rows: RecordedRows, outcome: (row: number) => RowOutcome): Generator<RowRecord> {
  for (const row of rows.ids.keys()) yield recordAt(rows, row, outcome(row));
}

/** Gives the line of one row. */
export function recordAt({ ids, state, second, chosen }: RecordedRows, row: number, outcome: RowOutcome): RowRecord {
  return {
    id: ids[row] ?? "",
    ...outcome,
    ...(chosen === null ? {} : { chosen: chosen[row] }),
    attempts: attemptsOf(state, row, "ab") + attemptsOf(state, row, "ba"),
    ab: readingAt(state, row, "ab"),
    ba: readingAt(state, row, "ba"),
    ...(second === null ? {} : { second: { ab: readingAt(second, row, "ab"), ba: readingAt(second, row, "ba") } }),
  };
}

function readingAt(state: RunState, row: number, order: Order): RowReading | null {
  const reading = readingOf(state, row, order);
  if (reading === null) return null;
  const { tokens, cutTokens, neutralised } = state.orders[order];
  return {
    ...reading,
    tokens: tokens[row] ?? 0,
    cutTokens: cutTokens[row] ?? 0,
    neutralised: neutralised[row] ?? 0,
    short: isShort(state, row, order),
    ...(hasOtherDate(state, row, order) ? { otherDate: true } : {}),
  };
}
