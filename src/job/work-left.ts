import type { Config } from "../config/config.ts";
import { mayScoreBothOrders } from "../deadline/run-plan.ts";
import type { RunState } from "../runfolder/state/run-state.ts";

type Counts = Pick<RunState, "rows" | "orders">;

/**
 * Decides whether a run has anything left to score: a row without an answer, or a row that may still get the swapped order, or an answer
 * of the second of two judges (null in a run with one).
 */
export function hasWorkLeft(
  config: Pick<Config, "orders" | "time">,
  state: Counts,
  second: Counts | null = null,
): boolean {
  const isOpen = ({ rows, orders: { ab, ba } }: Counts): boolean =>
    ab.answered < rows || (mayScoreBothOrders(config) && ba.answered < rows);
  return isOpen(state) || (second !== null && isOpen(second));
}
