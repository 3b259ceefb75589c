import type { Config } from "../../config/config.ts";
import type { Dataset } from "../../dataset/open-dataset.ts";
import { AbtieError } from "../../errors.ts";
import { sha256 } from "../../files/hash.ts";
import { spreadSample } from "../../numbers/spread-sample.ts";
import { createPreparer, type Preparer } from "../../prompt/preparer.ts";
import { isChat, type Template } from "../../prompt/template/template.ts";
import type { PreparingThreads } from "../../prompt/threads/threads.ts";
import type { Tokenizer } from "../../prompt/tokenizer/tokenizer.ts";
import { inspectPrompt, showTokens } from "../inspect.ts";
import type { Judge, LabelTokens } from "../judge.ts";
import { describeMarkers, longestPrompt } from "../limits.ts";
import { createRowPrompts } from "../row-prompts.ts";
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
  threads: PreparingThreads;
  /** Context length of the server in tokens; null when unknown. */
  maxModelLen: number | null;
}): Promise<GenerativeJudge> {
  const { config, template, tokenizer, dataset, threads } = options;
  if (template.format === "text" || template.format === "decision") throw needsAnswer(template);
  const limit = longestPrompt(config, options.maxModelLen, MARGIN_TOKENS);
  const resolved = await resolveOnRows(createPreparer({ template, tokenizer, budget: limit }), template, dataset);
  const budget = limit - longestSuffix(resolved);
  const prompts = createRowPrompts({ template, tokenizer, budget, dataset, threads });
  const scorer = createLabelScorer(resolved);
  return {
    template,
    resolved,
    budget,
    labels: describeLabels(resolved),
    unequalLabels: describeUnequalLabels(resolved.sequences),
    doubts: [],
    plainTurns: describeMarkers(template, await tokenizer.control([])),
    promptHash: sha256(
      JSON.stringify([template.sha256, template.labels, resolved.dropTail, budget, tokenizer.settingsKey]),
    ),
    scorer,
    prepare: async (index, order, tokenBudget) => {
      const task = await prompts.prepare(index, order, tokenBudget);
      const sent = promptToSend(resolved, task.ids);
      if (sent !== null) return { ...task, ids: sent, scorer };
      const own = await resolveLabels(template.labels, await prompts.encoderFor(index, order, tokenBudget));
      return { ...task, ids: promptToSend(own, task.ids) ?? task.ids, scorer: createLabelScorer(own) };
    },
    show: prompts.show,
    inspect: (index, order) =>
      inspectPrompt({
        tokenizer,
        isChat: isChat(template),
        prepare: (other) => prompts.idsWith(other, index, order),
        toSend: (ids) => promptToSend(resolved, ids) ?? ids,
        labels: () => showLabels(tokenizer, resolved),
      }),
  };
}

/** Tokens that stay free between the prompt and the context length: one for the output and one as a margin. */
const MARGIN_TOKENS = 2;

/** Shows every label text with its tokens, decoded behind the tokens with which the prompts end. */
async function showLabels(tokenizer: Tokenizer, { sequences, tail }: ResolvedLabels): Promise<readonly LabelTokens[]> {
  return Promise.all(
    sequences.map(async ({ label, text, ids }) => ({ label, text, tokens: await showTokens(tokenizer, tail, ids) })),
  );
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

function needsAnswer({ path }: Template): AbtieError {
  return new AbtieError(
    "config",
    `${path} has "format: text", which is for classifiers: it asks for no answer that a model could write. Take a template with "format: raw" or "chat", or write \`engine.kind: classify\` if the model is a classifier.`,
  );
}

function describeLabels({ sequences, dropTail }: ResolvedLabels): string {
  const texts = sequences.map(({ label, text, ids }) => `${label} = ${JSON.stringify(text)} -> ${ids.join(" ")}`);
  const merged = dropTail > 0 ? `; ${dropTail} token at the prompt's end merges with them` : "";
  return `${texts.join(", ")}${merged}`;
}
