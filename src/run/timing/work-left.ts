import type { Config } from "../../config/config.ts";
import type { RunState } from "../../journal/run-state.ts";

/** Says whether a run has anything left to score: a row without an answer, or one that may get the swapped order too. */
export function hasWorkLeft(
  { orders }: Pick<Config, "orders">,
  { rows, orders: { ab, ba } }: RunState,
  hasDeadline: boolean,
): boolean {
  if (ab.answered < rows) return true;
  const wantsBoth = orders === "both" || (orders === "auto" && hasDeadline);
  return wantsBoth && ba.answered < rows;
}
