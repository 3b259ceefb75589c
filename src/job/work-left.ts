import type { Config } from "../config/config.ts";
import type { RunState } from "../runfolder/state/run-state.ts";
import { ladderOf } from "./ladder.ts";

/** Says whether a run has anything left to score: a row without an answer, or one that may get the swapped order too. */
export function hasWorkLeft(
  config: Pick<Config, "orders" | "time">,
  { rows, orders: { ab, ba } }: Pick<RunState, "rows" | "orders">,
): boolean {
  if (ab.answered < rows) return true;
  const wantsBoth = ladderOf(config, Number.POSITIVE_INFINITY).some(({ kind }) => kind === "both-orders");
  return wantsBoth && ba.answered < rows;
}
