import type { Order } from "../types.ts";
import { takeRows } from "./order.ts";
import { budgetInUse, type DeadlineState } from "./state.ts";
import { takeSwapRows } from "./swap-pass.ts";

/** A prompt to be scored. */
export interface PromptToScore {
  readonly row: number;
  /** "ab" in the first pass, "ba" in the swap pass; either in the pass of a second judge. */
  readonly order: Order;
  /** Prompt tokens that the prompt may take; null for as many as the model takes. */
  readonly tokenBudget: number | null;
}

/**
 * Takes up to `count` prompts: rows of the first pass in the order of the ladder step, and after the last of them the rows of
 * the swap pass that the last decision allowed. Takes none after a stop.
 */
export function takeNext(
  state: DeadlineState,
  count: number,
): { state: DeadlineState; tasks: readonly PromptToScore[] } {
  if (state.stop !== null) return { state, tasks: [] };
  if (state.queue.left > 0) return takeFirst(state, count);
  const { swap, rows } = takeSwapRows(state.swap, count);
  const tasks = rows.map(({ row, order, tokenBudget }): PromptToScore => ({ row, order, tokenBudget }));
  return { state: { ...state, swap }, tasks };
}

function takeFirst(state: DeadlineState, count: number): { state: DeadlineState; tasks: readonly PromptToScore[] } {
  const step = state.steps[state.position.index];
  if (step === undefined) throw new Error("the ladder has no such step");
  const { queue, rows } = takeRows(state.queue, step.rowOrder, count);
  const tokenBudget = budgetInUse(state);
  return { state: { ...state, queue }, tasks: rows.map((row) => ({ row, order: "ab", tokenBudget })) };
}
