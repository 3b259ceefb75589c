// A thread that prepares rows: it makes preparers from recipes, and answers each batch of rows with their prompts.
import { parentPort } from "node:worker_threads";
import { AbtieError, messageOf } from "../../errors.ts";
import { createPreparer, type Preparer } from "../preparer.ts";
import { loadTemplate } from "../template/template.ts";
import { loadTokenizer, restoreTokenizer } from "../tokenizer/local.ts";
import { remember } from "../tokenizer/remember.ts";
import type { FromThread, PromptOutcome, Recipe, RowInOrder, ToThread } from "./messages.ts";

const port = parentPort;
if (port === null) throw new Error("this file runs as a thread");
const send = (message: FromThread, transfer: readonly ArrayBuffer[] = []): void => port.postMessage(message, transfer);
const preparers = new Map<string, Preparer>();
// A run makes preparers of several budgets, and a big vocabulary is 100 MB.
const tokenizerOf = remember(
  ({ folder, settings, shared }: Recipe["tokenizer"]) =>
    shared === null ? loadTokenizer(folder, settings) : restoreTokenizer(folder, shared, settings),
  { key: ({ folder, settings }) => JSON.stringify([folder, settings]) },
);

port.on("message", (message: ToThread) => {
  switch (message.kind) {
    case "load":
      void load(message.key, message.recipe);
      return;
    case "prepare":
      void prepare(message);
      return;
    default:
      message satisfies never;
  }
});

async function load(key: string, recipe: Recipe): Promise<void> {
  const preparer = await preparerOf(recipe).catch(() => null);
  if (preparer !== null) preparers.set(key, preparer);
  send({ kind: "loaded", key, ready: preparer !== null });
}

async function preparerOf({ template, tokenizer, budget, cut }: Recipe): Promise<Preparer> {
  const loaded = await loadTemplate(template.path, template.labels);
  if (loaded.sha256 !== template.sha256) throw new Error(`${template.path} has changed`);
  return createPreparer({
    template: loaded,
    tokenizer: await tokenizerOf(tokenizer),
    budget,
    cut,
  });
}

async function prepare({ batch, key, rows }: ToThread & { readonly kind: "prepare" }): Promise<void> {
  const preparer = preparers.get(key);
  if (preparer === undefined) throw new Error("rows come only after their preparer was loaded");
  const prompts: (readonly number[])[] = [];
  const outcomes: PromptOutcome[] = [];
  for (const row of rows) {
    const { outcome, ids } = await prepareRow(preparer, row);
    outcomes.push(outcome);
    prompts.push(ids);
  }
  const ids = new Int32Array(prompts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const prompt of prompts) {
    ids.set(prompt, at);
    at += prompt.length;
  }
  send({ kind: "prepared", batch, outcomes, ids }, [ids.buffer]);
}

async function prepareRow(preparer: Preparer, { row, order }: RowInOrder) {
  try {
    const { ids, ...rest } = await preparer.prepare(row, order);
    const outcome: PromptOutcome = { ok: true, tokens: ids.length, ...rest };
    return { outcome, ids };
  } catch (error) {
    const [code, details] = error instanceof AbtieError ? [error.code, error.details] : [null, []];
    const outcome: PromptOutcome = { ok: false, code, message: messageOf(error), details };
    return { outcome, ids: [] };
  }
}
