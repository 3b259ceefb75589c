import type { Config } from "../../config/config.ts";
import type { Dataset } from "../../dataset/open-dataset.ts";
import { AbtieError } from "../../errors.ts";
import { sha256 } from "../../files/hash.ts";
import { spreadSample } from "../../numbers/spread-sample.ts";
import { createPreparer, type Preparer } from "../../prompt/preparer.ts";
import type { Template } from "../../prompt/template/template.ts";
import type { ControlTokens, Tokenizer } from "../../prompt/tokenizer/tokenizer.ts";
import type { Judge } from "../judge.ts";
import { inspectPrompt } from "./inspect.ts";
import { promptToSend, type ResolvedLabels, resolveLabels, resolveOnSamples } from "./labels/resolve.ts";
import { describeUnequalLabels } from "./labels/unequal.ts";
import { createLabelScorer } from "./score.ts";

/** A judge that reads label probabilities from the next-token distribution of a language model. */
export interface GenerativeJudge extends Judge {
  readonly template: Template;
  readonly resolved: ResolvedLabels;
}

/**
 * Makes a judge from template, tokenizer and data. The labels are resolved to token ids behind the prompts of a sample
 * of rows. If the prompt of a row ends in other tokens than these prompts, the labels are resolved for that row alone.
 * Throws AbtieError("config") when the tokens of two labels cannot be distinguished, or when the context length is
 * unknown.
 */
export async function createGenerativeJudge(options: {
  config: Pick<Config, "context" | "engine">;
  template: Template;
  tokenizer: Tokenizer;
  dataset: Dataset;
  /** Context length of the server in tokens; null when unknown. */
  maxModelLen: number | null;
}): Promise<GenerativeJudge> {
  const { config, template, tokenizer, dataset } = options;
  const limit = longestPrompt(config, options.maxModelLen);
  const resolved = await resolveOnRows(createPreparer({ template, tokenizer, budget: limit }), template, dataset);
  const budget = limit - longestSuffix(resolved);
  const full = createPreparer({ template, tokenizer, budget });
  const shorter = new Map<number, Preparer>();
  const preparerFor = (tokenBudget: number): Preparer => {
    const found = shorter.get(tokenBudget) ?? createPreparer({ template, tokenizer, budget: tokenBudget });
    shorter.set(tokenBudget, found);
    return found;
  };
  const scorer = createLabelScorer(resolved);
  return {
    template,
    resolved,
    budget,
    labels: describeLabels(resolved),
    unequalLabels: describeUnequalLabels(resolved.sequences),
    plainTurns: describeMarkers(template, await tokenizer.control([])),
    promptHash: sha256(
      JSON.stringify([template.sha256, template.labels, resolved.dropTail, budget, tokenizer.settingsKey]),
    ),
    scorer,
    prepare: async (index, order, tokenBudget) => {
      const row = await dataset.read(index);
      const preparer = tokenBudget === null || tokenBudget >= budget ? full : preparerFor(tokenBudget);
      const { ids, cutTokens, neutralised, refusal } = await preparer.prepare(row, order);
      const head = template.format === "chat" ? tokenizer.datedHead() : null;
      const dated = head === null ? {} : { chatHead: sha256(ids.slice(0, head).join(" ")).slice(0, 16) };
      const task = { row: index, order, tokenBudget, cutTokens, neutralised, refusal, ...dated };
      const sent = promptToSend(resolved, ids);
      if (sent !== null) return { ...task, ids: sent, scorer };
      const own = await resolveLabels(template.labels, await preparer.encoderFor(row, order));
      return { ...task, ids: promptToSend(own, ids) ?? ids, scorer: createLabelScorer(own) };
    },
    show: async (index, order) => full.show(await dataset.read(index), order),
    inspect: async (index, order) => {
      const row = await dataset.read(index);
      const prepare = async (other: Tokenizer): Promise<readonly number[]> =>
        (await createPreparer({ template, tokenizer: other, budget }).prepare(row, order)).ids;
      return inspectPrompt(tokenizer, resolved, prepare);
    },
  };
}

/** Tokens that stay free between the prompt and the context length: one for the output and one as a margin. */
const MARGIN_TOKENS = 2;

function longestPrompt({ context, engine }: Pick<Config, "context" | "engine">, maxModelLen: number | null): number {
  const limit = maxModelLen ?? engine.maxModelLen;
  if (limit === null && context === null) {
    throw new AbtieError(
      "config",
      "the server does not report its context length: give `context` (the most prompt tokens) in the config",
    );
  }
  return Math.min(context ?? Number.POSITIVE_INFINITY, (limit ?? Number.POSITIVE_INFINITY) - MARGIN_TOKENS);
}

/** Number of rows on which the labels are resolved, to check that they have the same tokens behind every prompt. */
const LABEL_SAMPLES = 8;

async function resolveOnRows(preparer: Preparer, template: Template, dataset: Dataset): Promise<ResolvedLabels> {
  const rows = spreadSample(dataset.ids.length, LABEL_SAMPLES);
  const encoders = rows.map(async (row) => preparer.encoderFor(await dataset.read(row), "ab"));
  return resolveOnSamples(template.labels, await Promise.all(encoders));
}

/**
 * Computes the largest number of label tokens that a probe appends to the prompt to ask for a later token of a label.
 */
function longestSuffix({ probes }: ResolvedLabels): number {
  return Math.max(...probes.map(({ suffix }) => suffix.length));
}

// A chat template without control tokens between the turns cannot keep a text from looking like the next turn.
function describeMarkers({ format }: Template, { markers }: ControlTokens): string | null {
  if (format === "raw" || markers.length === 0) return null;
  const words = markers.map(({ text }) => JSON.stringify(text)).join(", ");
  return `The model's chat template marks turns with plain words (${words}). They are broken up in the rows where the template could have written them, but a text can still imitate a turn in other words.`;
}

function describeLabels({ sequences, dropTail }: ResolvedLabels): string {
  const texts = sequences.map(({ label, text, ids }) => `${label} = ${JSON.stringify(text)} -> ${ids.join(" ")}`);
  const merged = dropTail > 0 ? `; ${dropTail} token at the prompt's end merges with them` : "";
  return `${texts.join(", ")}${merged}`;
}
