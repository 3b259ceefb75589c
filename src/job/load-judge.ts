import type { DatedConfig } from "../config/config.ts";
import type { Dataset } from "../dataset/open-dataset.ts";
import { AbtieError } from "../errors.ts";
import { createClassifierLoader } from "../judge/classifier/load.ts";
import { isClassifier, readModelConfig } from "../judge/classifier/model-config.ts";
import { createDecisionLoader } from "../judge/decision/load.ts";
import { createGenerativeLoader } from "../judge/generative/load.ts";
import type { JudgeLoader } from "../judge/judge.ts";
import { readTemplateHead } from "../prompt/template/template.ts";
import { NO_THREADS, type PreparingThreads } from "../prompt/threads/threads.ts";
import type { Clock } from "../types.ts";

/**
 * Creates the loader for the kind of judge in the config. Throws AbtieError("config") for a template, a tokenizer or a model that the
 * loader cannot use. `threads` prepare the rows where they are ready.
 */
export async function createJudgeLoader(
  config: DatedConfig,
  dataset: Dataset,
  clock: Clock,
  threads: PreparingThreads = NO_THREADS,
): Promise<JudgeLoader> {
  if (config.engine.method === "classify") return createClassifierLoader(config, dataset, clock, threads);
  await refuseClassifier(config.engine);
  if (config.appendEos) throw endsForClassifiersAlone();
  const { format } = await readTemplateHead(config.template);
  if (format === "decision") return createDecisionLoader(config, dataset, clock, threads);
  return createGenerativeLoader(config, dataset, clock, threads);
}

function endsForClassifiersAlone(): AbtieError {
  return new AbtieError(
    "config",
    "append_eos puts the end-of-sequence token where a model that generates text would write its answer: delete the key, or write `engine: {kind: classify, model: FOLDER}` if the model is a classifier",
  );
}

/** A server that serves a classifier has no page for text, which shows only when it is ready, minutes later. */
async function refuseClassifier(engine: DatedConfig["engine"]): Promise<void> {
  if (engine.kind !== "spawn") return;
  const model = await readModelConfig(engine.model);
  if (model === null || !isClassifier(model)) return;
  throw new AbtieError(
    "config",
    `${engine.model} is a classifier (${model.architectures.join(", ")}), which generates no text: write \`engine: {kind: classify, model: ${engine.model}}\``,
  );
}
