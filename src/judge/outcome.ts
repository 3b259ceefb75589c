import type { AnswerCounts } from "../escalate/steps.ts";
import type { Obtained, PerClass, Reading } from "../types.ts";

/** The readings of one row so far, or the reason why the row has none. */
export interface RowAnswers {
  readonly ab: Reading | null;
  readonly ba: Reading | null;
  /** True when the first reading was made with the shorter context. */
  readonly short: boolean;
  /** Why a row has no reading; null when the run has not come to this row. */
  readonly failure: string | null;
}

/** The probabilities of one row and their source. */
export interface RowOutcome {
  readonly probabilities: PerClass;
  readonly obtained: Obtained;
  /**
   * Why the row has the prior (its failure), or how the mass policy changed its answer; null when neither happened.
   */
  readonly reason: string | null;
}

/**
 * Turns the readings of a row (at least one) into probabilities in the order of the file, so a swapped
 * reading is swapped back. The note says how the mass policy changed them; null when it changed nothing.
 */
export type Aggregate = (readings: Pick<RowAnswers, "ab" | "ba">) => {
  readonly probabilities: PerClass;
  readonly note: string | null;
};

/**
 * Turns the readings of two judges (at least one reading of the first) into probabilities, as `Aggregate` does for one. Also counts the
 * readings of each judge that the mass policy did not leave out.
 */
export type Combine = (
  first: Pick<RowAnswers, "ab" | "ba">,
  second: Pick<RowAnswers, "ab" | "ba">,
) => ReturnType<Aggregate> & { readonly counts: AnswerCounts };

/** Chooses the source of the probabilities of a row of two judges: see outcomeOf, and the second judge if it answered. */
export function outcomeOfTwo(
  first: RowAnswers,
  second: Pick<RowAnswers, "ab" | "ba">,
  combine: Combine,
  prior: PerClass,
): RowOutcome {
  const alone = outcomeOf(first, (readings) => combine(readings, second), prior);
  const [ab, ba] = [second.ab !== null, second.ba !== null];
  if (alone.obtained === "prior" || !(ab || ba)) return alone;
  return { ...alone, obtained: ab && ba ? "second-judge-both-orders" : "second-judge-one-order" };
}

/**
 * Chooses the source of one row's probabilities: both orders if both were answered, else the order that was answered,
 * else the prior.
 */
export function outcomeOf(answers: RowAnswers, aggregate: Aggregate, prior: PerClass): RowOutcome {
  const { ab, ba, short, failure } = answers;
  if (ab === null && ba === null) return { probabilities: prior, obtained: "prior", reason: failure ?? "not reached" };
  const { probabilities, note } = aggregate({ ab, ba });
  const one = short ? "one-order-short" : "one-order";
  return { probabilities, obtained: ab !== null && ba !== null ? "both-orders" : one, reason: note };
}
