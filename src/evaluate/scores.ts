import type { Evaluation } from "../metrics/evaluate.ts";

/** One set of probabilities with its scores. */
export interface NamedScores {
  readonly name: string;
  readonly rows: number;
  readonly evaluation: Evaluation;
}
