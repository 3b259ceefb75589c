import type { Obtained, Reading, Triple } from "../types.ts";

/** The readings of one row so far, or the reason why there are none. */
export interface RowAnswers {
  readonly ab: Reading | null;
  readonly ba: Reading | null;
  /** The first reading was made with the shorter context. */
  readonly short: boolean;
  /** The last failure of a row without a reading; null when no request was sent yet. */
  readonly failure: string | null;
}

/** The probabilities of one row and their source. */
export interface RowOutcome {
  readonly probabilities: Triple;
  readonly obtained: Obtained;
  /** The failure that left the row with the prior, or the note of the mass policy; null when neither happened. */
  readonly reason: string | null;
}

/**
 * Turns the readings of a row, at least one, into probabilities of [a, b, tie] in the order of the file (swapped back). The note
 * states what the mass policy changed; null when it changed nothing.
 */
export type Aggregate = (readings: Pick<RowAnswers, "ab" | "ba">) => {
  readonly probabilities: Triple;
  readonly note: string | null;
};

/** Chooses one row's probabilities: from both orders, else from the one order there is, else the prior. */
export function outcomeOf(answers: RowAnswers, aggregate: Aggregate, prior: Triple): RowOutcome {
  const { ab, ba, short, failure } = answers;
  if (ab === null && ba === null) return { probabilities: prior, obtained: "prior", reason: failure ?? "not reached" };
  const { probabilities, note } = aggregate({ ab, ba });
  const one = short ? "one-order-short" : "one-order";
  return { probabilities, obtained: ab !== null && ba !== null ? "both-orders" : one, reason: note };
}
