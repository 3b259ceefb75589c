import { createPreparer, type Preparer, type PreparerOptions } from "../preparer.ts";
import type { Recipe } from "./messages.ts";
import type { PreparingThreads } from "./threads.ts";

/**
 * Creates a preparer whose rows are prepared on other threads where one is ready, and on this one otherwise. The prompts are the same.
 * A server's tokenizer is asked from this thread alone.
 */
export function createThreadedPreparer(options: PreparerOptions, threads: PreparingThreads): Preparer {
  const preparer = createPreparer(options);
  const { template, tokenizer, budget, cut = "fair" } = options;
  if (threads.count === 0 || tokenizer.folder === null) return preparer;
  const { path, sha256, labels } = template;
  const recipe: Recipe = {
    template: { path, sha256, labels },
    tokenizer: { folder: tokenizer.folder, settings: tokenizer.settings, shared: tokenizer.shared },
    budget,
    cut,
  };
  const prepare: Preparer["prepare"] = async (row, order) =>
    (await threads.prepare(recipe, row, order)) ?? preparer.prepare(row, order);
  return { ...preparer, prepare };
}
