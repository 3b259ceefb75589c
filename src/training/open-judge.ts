import { join } from "node:path";
import { allEnded } from "../all-ended.ts";
import type { DatedConfig } from "../config/config.ts";
import type { Dataset } from "../dataset/open-dataset.ts";
import { AbtieError } from "../errors.ts";
import { sha256, sha256OfFile } from "../files/hash.ts";
import { createUntrainedLoader } from "../judge/classifier/load.ts";
import { readModelConfig } from "../judge/classifier/model-config.ts";
import { createGenerativeLoader } from "../judge/generative/load.ts";
import type { Judge, JudgeLoader } from "../judge/judge.ts";
import type { PreparingThreads } from "../prompt/threads/threads.ts";
import { MODEL_FILES } from "../prompt/tokenizer/model-files.ts";
import { readSpecialIds } from "../prompt/tokenizer/special-ids.ts";
import type { Clock } from "../types.ts";
import type { DataFile } from "./data-file.ts";

/** The judge that will be trained: it makes the prompts of the examples as it will make those of a run. */
export interface TrainingJudge {
  readonly judge: Judge;
  /** What data.json says of it. */
  readonly facts: Pick<DataFile, "head" | "labels" | "dropTail" | "eos" | "pad" | "template" | "model" | "budget">;
}

/**
 * Opens the judge of a config for training, with the tokenizer folder alone. A config with `engine.kind: classify` trains a new
 * classification head, any other one the tokens of the labels. Throws AbtieError("config") without a tokenizer folder, when a label
 * has several tokens, and like the loaders of a run.
 */
export async function openTrainingJudge(
  config: DatedConfig,
  dataset: Dataset,
  clock: Clock,
  threads: PreparingThreads,
): Promise<TrainingJudge> {
  const folder = config.engine.tokenizer;
  if (folder === null) throw withoutTokenizer();
  const { eos, pad: padToken } = await readEndTokens(folder);
  const factsOf = ({ template }: JudgeLoader, { budget }: Judge) => ({
    eos,
    pad: padToken,
    template: template.sha256,
    model: folder,
    budget,
  });
  if (config.engine.method === "classify") {
    const loader = await createUntrainedLoader(config, dataset, { padToken, clock, threads });
    const judge = await loader.open(null);
    return { judge, facts: { head: "classifier", labels: null, dropTail: 0, ...factsOf(loader, judge) } };
  }
  if (config.appendEos) throw noEnd();
  const loader = await createGenerativeLoader(config, dataset, clock, threads);
  const judge = await loader.open(null);
  const { resolved } = judge;
  const long = resolved.sequences.find(({ ids }) => ids.length !== 1);
  if (long !== undefined) throw severalTokens(long);
  const labels = Object.fromEntries(
    config.classes.map((name) => [name, resolved.sequences.flatMap(({ label, ids }) => (label === name ? ids : []))]),
  );
  return { judge, facts: { head: "label", labels, dropTail: resolved.dropTail, ...factsOf(loader, judge) } };
}

/** Reads the ids of the end-of-sequence token and of the padding token of a model's folder; null for one that it lacks. */
export async function readEndTokens(folder: string): Promise<Pick<DataFile, "eos" | "pad">> {
  const { eos, pad } = await readSpecialIds(folder);
  const model = await readModelConfig(folder);
  // The same choice as in merge_adapter.py, so that training and run leave out the same tokens.
  return { eos, pad: pad ?? model?.padToken ?? eos };
}

/** Hashes the files that decide which ids a text gets. */
export async function hashTokenizer(folder: string): Promise<string> {
  const hashes = await allEnded(MODEL_FILES.map((name) => sha256OfFile(join(folder, name)).catch(() => null)));
  return sha256(JSON.stringify(hashes));
}

function withoutTokenizer(): AbtieError {
  return new AbtieError(
    "config",
    "examples are made with the tokenizer of the model that is trained: name the folder of the model as engine.model, or its tokenizer as engine.tokenizer",
  );
}

function severalTokens({ label, text, ids }: { label: string; text: string; ids: readonly number[] }): AbtieError {
  return new AbtieError(
    "config",
    `the label ${label} ${JSON.stringify(text)} has ${ids.length} tokens (${ids.join(" ")}), and a label-token model is trained on the next token alone: choose labels of one token each`,
  );
}

function noEnd(): AbtieError {
  return new AbtieError(
    "config",
    "append_eos puts the end-of-sequence token where a label-token model writes its answer: delete the key, or write `engine: {kind: classify}` to train a classifier",
  );
}
