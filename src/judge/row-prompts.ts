import type { Dataset } from "../dataset/open-dataset.ts";
import { sha256 } from "../files/hash.ts";
import type { Prompt } from "../prompt/compose.ts";
import { createPreparer, type Prepared, type Preparer, type PreparerOptions } from "../prompt/preparer.ts";
import { isChat } from "../prompt/template/template.ts";
import { createThreadedPreparer } from "../prompt/threads/on-threads.ts";
import type { PreparingThreads } from "../prompt/threads/threads.ts";
import type { Tokenizer } from "../prompt/tokenizer/tokenizer.ts";
import type { Order } from "../types.ts";
import type { Task } from "./judge.ts";

/** The prompts of the rows of a file, within the budget of a judge or within a smaller one. */
export interface RowPrompts {
  /** Prepares a row; a null budget stands for the judge's own. The caller adds the scorer. */
  readonly prepare: (row: number, order: Order, tokenBudget: number | null) => Promise<Omit<Task, "scorer">>;
  /** Does the same, and gives the prompt as it was before it was encoded. */
  readonly prepareText: (
    row: number,
    order: Order,
    tokenBudget: number | null,
  ) => Promise<{ readonly task: Omit<Task, "scorer">; readonly prompt: Prompt }>;
  /** Gives a function that encodes the prompt of a row followed by a text; see `Preparer.encoderFor`. */
  readonly encoderFor: (
    row: number,
    order: Order,
    tokenBudget: number | null,
  ) => Promise<(suffix: string) => Promise<readonly number[]>>;
  /** Renders the prompt of a row as text for a person. */
  readonly show: (row: number, order: Order) => Promise<string>;
  /** Gives the ids of a row's prompt with another tokenizer. */
  readonly idsWith: (tokenizer: Tokenizer, row: number, order: Order) => Promise<readonly number[]>;
}

/** Creates the prompts of a judge. `threads` prepare rows where they are ready. */
export function createRowPrompts(
  options: PreparerOptions & { readonly dataset: Pick<Dataset, "read">; readonly threads: PreparingThreads },
): RowPrompts {
  const { template, tokenizer, budget, dataset, threads } = options;
  const full = createThreadedPreparer(options, threads);
  const shorter = new Map<number, Preparer>();
  const preparerFor = (tokenBudget: number | null): Preparer => {
    if (tokenBudget === null || tokenBudget >= budget) return full;
    const found = shorter.get(tokenBudget) ?? createThreadedPreparer({ ...options, budget: tokenBudget }, threads);
    shorter.set(tokenBudget, found);
    return found;
  };
  const taskOf = (row: number, order: Order, tokenBudget: number | null, prepared: Prepared): Omit<Task, "scorer"> => {
    const { ids, cutTokens, neutralised, refusal } = prepared;
    const head = isChat(template) ? tokenizer.datedHead() : null;
    const dated = head === null ? {} : { chatHead: sha256(ids.slice(0, head).join(" ")).slice(0, 16) };
    return { row, order, tokenBudget, ids, cutTokens, neutralised, refusal, ...dated };
  };
  return {
    prepare: async (index, order, tokenBudget) => {
      const prepared = await preparerFor(tokenBudget).prepare(await dataset.read(index), order);
      return taskOf(index, order, tokenBudget, prepared);
    },
    prepareText: async (index, order, tokenBudget) => {
      const prepared = await preparerFor(tokenBudget).prepareText(await dataset.read(index), order);
      return { task: taskOf(index, order, tokenBudget, prepared), prompt: prepared.prompt };
    },
    encoderFor: async (index, order, tokenBudget) =>
      preparerFor(tokenBudget).encoderFor(await dataset.read(index), order),
    show: async (index, order) => full.show(await dataset.read(index), order),
    idsWith: async (other, index, order) =>
      (await createPreparer({ ...options, tokenizer: other }).prepare(await dataset.read(index), order)).ids,
  };
}
