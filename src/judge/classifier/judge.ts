import type { Config } from "../../config/config.ts";
import type { Dataset } from "../../dataset/open-dataset.ts";
import { AbtieError } from "../../errors.ts";
import { sha256 } from "../../files/hash.ts";
import type { Template } from "../../prompt/template/template.ts";
import type { PreparingThreads } from "../../prompt/threads/threads.ts";
import type { Tokenizer } from "../../prompt/tokenizer/tokenizer.ts";
import { CLASSES } from "../../types.ts";
import { inspectPrompt } from "../inspect.ts";
import type { Doubt, Judge } from "../judge.ts";
import { describeMarkers, longestPrompt } from "../limits.ts";
import { createRowPrompts } from "../row-prompts.ts";
import type { ResolvedClasses } from "./classes.ts";
import type { ModelConfig } from "./model-config.ts";
import { createClassScorer } from "./score.ts";

/** A judge that reads the class probabilities of a model with a classification head. */
export interface ClassifierJudge extends Judge {
  readonly classes: ResolvedClasses;
}

/**
 * Makes a judge from template, tokenizer, data and the classes of the model. A prompt may fill the whole context length, because no
 * token is generated. Throws AbtieError("config") when the context length is unknown, or when the template asks for an answer by a decision.
 */
export async function createClassifierJudge(options: {
  config: Pick<Config, "context" | "engine" | "cut">;
  /** Id of the end-of-sequence token that follows each text; null: none follows. */
  endToken: number | null;
  template: Template;
  tokenizer: Tokenizer;
  dataset: Dataset;
  threads: PreparingThreads;
  classes: ResolvedClasses;
  /** Null when no file of the model is on this machine. */
  model: Pick<ModelConfig, "padToken" | "softCapped" | "path"> | null;
  /** Context length of the server in tokens; null when unknown. */
  maxModelLen: number | null;
}): Promise<ClassifierJudge> {
  const { config, template, tokenizer, dataset, threads, classes, model, endToken } = options;
  const { cut } = config;
  if (template.format === "decision") throw decidesNothing(template);
  const budget = longestPrompt(config, options.maxModelLen, 0);
  const end = endToken === null ? [] : [endToken];
  const prompts = createRowPrompts({ template, tokenizer, budget: budget - end.length, dataset, threads, cut });
  const scorer = createClassScorer(classes);
  const pad = model?.padToken ?? null;
  if (pad !== null && pad === endToken) throw endIsPadding(pad);
  const toSend = (ids: readonly number[]): readonly number[] => [...withoutPadding(ids, pad), ...end];
  return {
    classes,
    budget,
    labels: describeClasses(classes),
    unequalLabels: null,
    plainTurns: describeMarkers(template, await tokenizer.control([])),
    doubts: [classes.doubt, model === null ? null : softCappingDoubt(model)].filter((doubt) => doubt !== null),
    promptHash: sha256(
      JSON.stringify(["classifier", template.sha256, classes.order, pad, cut, budget, tokenizer.settingsKey, ...end]),
    ),
    scorer,
    prepare: async (index, order, tokenBudget) => {
      const textBudget = tokenBudget === null ? null : tokenBudget - end.length;
      const task = await prompts.prepare(index, order, textBudget);
      return { ...task, tokenBudget, ids: toSend(task.ids), scorer };
    },
    show: prompts.show,
    inspect: (index, order) =>
      inspectPrompt({
        tokenizer,
        isChat: false,
        prepare: (other) => prompts.idsWith(other, index, order),
        toSend,
        labels: async () => [],
      }),
  };
}

/**
 * Leaves out the padding tokens at the end of a prompt. transformers reads the last token that is no padding token, and so was the
 * classifier trained; vLLM reads the last token. Without them both read the same one, and tokens behind it have no influence on it.
 */
export function withoutPadding(ids: readonly number[], pad: number | null): readonly number[] {
  const last = pad === null ? ids.length - 1 : ids.findLastIndex((id) => id !== pad);
  return last < 0 ? ids : ids.slice(0, last + 1);
}

function describeClasses({ order, names }: ResolvedClasses): string {
  return order
    .map((number, at) => {
      const name = names?.[number];
      return `${CLASSES[at]} = class ${number}${name === undefined ? "" : ` ${JSON.stringify(name)}`}`;
    })
    .join(", ");
}

function softCappingDoubt({ softCapped, path }: Pick<ModelConfig, "softCapped" | "path">): Doubt | null {
  if (!softCapped) return null;
  return {
    text: `${path} caps the attention scores (attn_logit_softcapping), which vLLM obeys, and transformers only with attn_implementation="eager".`,
    remedy:
      "If the model was trained with another attention, its probabilities here differ a little from those of the training.",
  };
}

function endIsPadding(id: number): AbtieError {
  return new AbtieError(
    "config",
    `append_eos puts token ${id} behind each text, and the model's padding token is the same: transformers would read the token before it, and vLLM reads it. Delete append_eos, or train with another padding token`,
  );
}

function decidesNothing({ path }: Template): AbtieError {
  return new AbtieError(
    "config",
    `${path} has "format: decision", which asks a model that generates text: take a template with "format: text" for a classifier`,
  );
}
