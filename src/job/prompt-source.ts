import type { Judge, Task } from "../judge/judge.ts";
import type { Order } from "../types.ts";

/** Which prompt is wanted next. "wait": nothing now, but an outcome that is still to come may change that. */
export type NextPrompt = Prompt | "wait" | "end";

interface Prompt {
  readonly row: number;
  readonly order: Order;
  /** Prompt tokens that it may take; null for as many as the model takes. */
  readonly tokenBudget: number | null;
}

/** Decides what is scored next. */
export interface PromptSource {
  /** Prompts of the whole run, those of earlier sessions included. */
  readonly total: number;
  readonly next: () => NextPrompt;
  /** Resolves when an outcome has come since the last `next`. */
  readonly changed: (signal: AbortSignal) => Promise<void>;
  /** Hears that a task has ended, with an answer or without. */
  readonly told: (task: Task, answered: boolean) => void;
}

/** Prepares tasks one after another, as the schedule asks for them. */
export async function* taskSource(planner: PromptSource, judging: Judge, signal: AbortSignal): AsyncGenerator<Task> {
  for (;;) {
    if (signal.aborted) return;
    const choice = planner.next();
    if (choice === "end") return;
    if (choice === "wait") await planner.changed(signal);
    else yield await judging.prepare(choice.row, choice.order, choice.tokenBudget);
  }
}
