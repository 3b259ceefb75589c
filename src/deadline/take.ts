import type { Order } from "../types.ts";
import { isScarce } from "./ladder.ts";
import { takeRows } from "./order.ts";
import { budgetInUse, type ClockState } from "./state.ts";
import { takeSecond } from "./swap-rows.ts";

/** A prompt that is to be scored. */
export interface Task {
  readonly row: number;
  readonly pass: 1 | 2;
  readonly order: Order;
  /** Prompt tokens that it may take; null for as many as the model takes. */
  readonly tokenBudget: number | null;
}

/**
 * Takes up to `count` prompts that come next: rows of the first pass in the order that the ladder asks for, and when there
 * are no more of them, rows of the second pass that the last decision allowed. None after a stop.
 */
export function takeNext(state: ClockState, count: number): { state: ClockState; tasks: readonly Task[] } {
  if (state.stopped) return { state, tasks: [] };
  if (state.queue.left > 0) return takeFirst(state, count);
  const { second, rows } = takeSecond(state.second, count);
  const tasks = rows.map(({ row, tokenBudget }): Task => ({ row, pass: 2, order: "ba", tokenBudget }));
  return { state: { ...state, second }, tasks };
}

function takeFirst(state: ClockState, count: number): { state: ClockState; tasks: readonly Task[] } {
  const step = state.steps[state.stand.index];
  const policy = step !== undefined && isScarce(step) ? "shortest-first" : "longest-first";
  const { queue, rows } = takeRows(state.queue, policy, count);
  const tokenBudget = budgetInUse(state);
  return { state: { ...state, queue }, tasks: rows.map((row) => ({ row, pass: 1, order: "ab", tokenBudget })) };
}
