import { uncertainty } from "../deadline/swap-ranking.ts";
import type { PerClass } from "../types.ts";
import type { FallRates } from "./model.ts";

/**
 * Computes the two properties of a row's probabilities that say how much further answers bring: the variance of the winner (1 for
 * A, -1 for B, 0 for a tie) and that of "it is a tie". An answer that moves the log odds by a small d changes the expected log
 * loss by d² / 2 times the variance (second-order expansion of the divergence).
 */
export function outcomeVariances(probabilities: PerClass): readonly [choice: number, tie: number] {
  const tie = probabilities[2] ?? 0;
  return [uncertainty(probabilities), tie * (1 - tie)];
}

/** Computes the expected fall of the log loss of a row, nats. */
export function fallOf({ choice, tie }: FallRates, probabilities: PerClass): number {
  const [ofChoice, ofTie] = outcomeVariances(probabilities);
  return choice * ofChoice + tie * ofTie;
}
