import type { Obtained, Reading, Triple } from "../types.ts";

/** What is known about one row: its readings so far, or why there are none. */
export interface RowAnswers {
  readonly ab: Reading | null;
  readonly ba: Reading | null;
  /** The first reading was made with the shorter context. */
  readonly short: boolean;
  /** Why the row has no reading; null when nothing was tried yet. */
  readonly failure: string | null;
}

/** The probabilities of one row and where they come from. */
export interface RowOutcome {
  readonly probabilities: Triple;
  readonly obtained: Obtained;
  /** Why the row is not better than it is: the failure, or what the mass policy did; null when there is nothing to say. */
  readonly reason: string | null;
}

/**
 * Turns the readings of a row, at least one, into probabilities of [a, b, tie] as in the file, that is swapped back, with a
 * note when a policy stepped in.
 */
export type Aggregate = (readings: Pick<RowAnswers, "ab" | "ba">) => {
  readonly probabilities: Triple;
  readonly note: string | null;
};

/** Decides one row's probabilities: both orders joined, else the one order there is, else the prior. */
export function outcomeOf(answers: RowAnswers, judge: Aggregate, prior: Triple): RowOutcome {
  const { ab, ba, short, failure } = answers;
  if (ab === null && ba === null) return { probabilities: prior, obtained: "prior", reason: failure ?? "not reached" };
  const { probabilities, note } = judge({ ab, ba });
  const one = short ? "one-order-short" : "one-order";
  return { probabilities, obtained: ab !== null && ba !== null ? "both-orders" : one, reason: note };
}
