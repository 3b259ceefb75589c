import { AbtieError } from "../errors.ts";
import { formatCount, plural } from "../format.ts";
import type { RunState } from "../runfolder/state/run-state.ts";

/** Adds to an error that ended a session what the submission now holds, because that is what the person must know next. */
export function withSubmission(error: unknown, output: string, state: RunState): unknown {
  if (!(error instanceof AbtieError)) return error;
  const details = [...error.details, describeSubmission(output, state)];
  return new AbtieError(error.code, error.message, { cause: error.cause, details });
}

/** Says what a submission holds whose first complete version is in place. */
function describeSubmission(output: string, { rows, orders }: RunState): string {
  const { answered } = orders.ab;
  const content =
    answered === 0
      ? `each of its ${plural(rows, "row")} holds the fallback probabilities (prior)`
      : `${formatCount(answered)} of ${plural(rows, "row")} are scored, and the others hold the fallback probabilities (prior)`;
  return `${output} is complete and valid: ${content}. The same command continues the run.`;
}
