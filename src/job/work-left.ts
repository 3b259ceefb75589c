import type { Config } from "../config/config.ts";
import { mayScoreBothOrders } from "../deadline/run-plan.ts";
import type { RunState } from "../runfolder/state/run-state.ts";

/** Decides whether a run has anything left to score: a row without an answer, or a row that may still get the swapped order. */
export function hasWorkLeft(
  config: Pick<Config, "orders" | "time">,
  { rows, orders: { ab, ba } }: Pick<RunState, "rows" | "orders">,
): boolean {
  return ab.answered < rows || (mayScoreBothOrders(config) && ba.answered < rows);
}
