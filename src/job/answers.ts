import type { RowAnswers } from "../judge/outcome.ts";
import { describeFailure } from "../runfolder/describe-failure.ts";
import { isShort, lastFailure, type RunState, readingOf } from "../runfolder/state/run-state.ts";

/** Collects from the state of a run the answers of one row, or the reason why the row has no answer. */
export function answersOf(state: RunState, row: number): RowAnswers {
  const ab = readingOf(state, row, "ab");
  const ba = readingOf(state, row, "ba");
  const failure = lastFailure(state, row, "ab") ?? lastFailure(state, row, "ba");
  return {
    ab,
    ba,
    short: isShort(state, row, ab === null ? "ba" : "ab"),
    failure: failure === null ? null : describeFailure(failure),
  };
}
