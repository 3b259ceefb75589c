import type { ShortStep } from "../clock/steps.ts";
import type { Judging } from "./judge.ts";

/** Gives the ladder's step with a shorter context; none when it would be no shorter. */
export function shortSteps({ budget, shortBudget }: Pick<Judging, "budget" | "shortBudget">): readonly ShortStep[] {
  return shortBudget < budget ? [{ name: "one-order-short", tokenBudget: shortBudget }] : [];
}
