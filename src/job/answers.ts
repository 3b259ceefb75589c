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
    failure: failure === null ? withoutFailure(state) : describeFailure(failure),
  };
}

/** Gives the reason of a row that was in no failed request: null stands for a run that ended before it came to this row. */
function withoutFailure({ orders: { ab, ba } }: RunState): string | null {
  return ab.answered + ba.answered === 0 ? "the engine has answered no row" : null;
}
