import type { Config } from "../../config/config.ts";
import type { Dataset } from "../../dataset/open-dataset.ts";
import { AbtieError } from "../../errors.ts";
import { sampleRows } from "../../numbers/spread-sample.ts";
import { createPreparer, type Preparer } from "../../prompt/preparer.ts";
import { loadTemplate, type Template } from "../../prompt/template.ts";
import type { Tokenizer } from "../../prompt/tokenizer.ts";
import type { Order } from "../../types.ts";
import { promptToSend, type ResolvedLabels, resolveLabels, resolveOnSamples } from "./labels/resolve.ts";

/** Room left between the prompt and the server's limit: one token of output and one for safety. */
const MARGIN_TOKENS = 2;
/** Rows on which the labels are proven. */
const LABEL_SAMPLES = 8;

/** One prompt to be sent: a row in one order, tokenised. */
export interface Task {
  readonly row: number;
  readonly order: Order;
  /** Token budget that it was prepared for by a step that shortens; null for as many as the model takes. */
  readonly tokenBudget: number | null;
  /** Token ids as they are sent. */
  readonly ids: readonly number[];
  readonly cutTokens: number;
  readonly neutralised: number;
  /** What is asked about the next token. */
  readonly labels: ResolvedLabels;
  /** Set when the server must compute the prompt anew: all tasks of one batch have the same. */
  readonly cacheSalt?: string;
}

/** Everything between a row and the token ids that are sent for it. */
export interface Judge {
  readonly template: Template;
  readonly labels: ResolvedLabels;
  /** Prompt tokens that a row may take. */
  readonly budget: number;
  /** Prepares a row within a token budget, that of the model when null is given. */
  readonly prepare: (row: number, order: Order, tokenBudget: number | null) => Promise<Task>;
  /** The prompt of a row as text, for a person. */
  readonly show: (row: number, order: Order) => Promise<string>;
}

/**
 * Joins template, tokenizer and data: resolves the labels at the real answer position of a sample of rows and gives the
 * preparer of tasks. A row that ends in other tokens than the samples has its labels resolved for itself.
 * Throws AbtieError("config") when labels cannot be told apart.
 */
export async function createJudge(options: {
  config: Config;
  template: Template;
  tokenizer: Tokenizer;
  dataset: Dataset;
  /** Context length of the server, null when unknown. */
  maxModelLen: number | null;
}): Promise<Judge> {
  const { config, template, tokenizer, dataset } = options;
  const limit = tokenBudget(config, options.maxModelLen);
  const labels = await proveLabels(createPreparer({ template, tokenizer, budget: limit }), template, dataset);
  const budget = limit - longestSuffix(labels);
  const full = createPreparer({ template, tokenizer, budget });
  const shorter = new Map<number, Preparer>();
  const preparerFor = (tokenBudget: number): Preparer => {
    const found = shorter.get(tokenBudget) ?? createPreparer({ template, tokenizer, budget: tokenBudget });
    shorter.set(tokenBudget, found);
    return found;
  };
  return {
    template,
    labels,
    budget,
    prepare: async (index, order, tokenBudget) => {
      const row = await dataset.read(index);
      const preparer = tokenBudget === null || tokenBudget >= budget ? full : preparerFor(tokenBudget);
      const { ids, cutTokens, neutralised } = await preparer.prepare(row, order);
      const sent = promptToSend(labels, ids);
      const task = { row: index, order, tokenBudget, cutTokens, neutralised };
      if (sent !== null) return { ...task, ids: sent, labels };
      const own = await resolveLabels(template.labels, await preparer.encoderFor(row, order));
      return { ...task, ids: promptToSend(own, ids) ?? ids, labels: own };
    },
    show: async (index, order) => full.show(await dataset.read(index), order),
  };
}

async function proveLabels(preparer: Preparer, template: Template, dataset: Dataset): Promise<ResolvedLabels> {
  const rows = sampleRows(dataset.ids.length, LABEL_SAMPLES);
  const encoders = rows.map(async (row) => preparer.encoderFor(await dataset.read(row), "ab"));
  return resolveOnSamples(template.labels, await Promise.all(encoders));
}

/** Tokens that follow the prompt when a label of several tokens is asked for. */
function longestSuffix({ probes }: ResolvedLabels): number {
  return Math.max(...probes.map(({ suffix }) => suffix.length));
}

/** Loads the template of a config, its labels replaced where the config has its own. */
export async function openTemplate(config: Config): Promise<Template> {
  return loadTemplate(config.template, config.labels);
}

/** Tokens a prompt may take: what the config says, and never more than the server can. */
export function tokenBudget(config: Config, maxModelLen: number | null): number {
  const limit = maxModelLen ?? config.engine.maxModelLen;
  if (limit === null && config.context === null) {
    throw new AbtieError(
      "config",
      "the server does not say its context length: give `context` (prompt tokens) in the config",
    );
  }
  return Math.min(config.context ?? Number.POSITIVE_INFINITY, (limit ?? Number.POSITIVE_INFINITY) - MARGIN_TOKENS);
}
