import { perClass } from "../../classes.ts";
import type { DatedConfig } from "../../config/config.ts";
import type { Dataset } from "../../dataset/open-dataset.ts";
import { RequestError } from "../../engine/client/request-error.ts";
import type { TokenLogProbs } from "../../engine/dialects/dialect.ts";
import { AbtieError } from "../../errors.ts";
import { NO_THREADS, type PreparingThreads } from "../../prompt/threads/threads.ts";
import { readSpecialIds } from "../../prompt/tokenizer/special-ids.ts";
import type { Clock } from "../../types.ts";
import { createLoader, type JudgeKind, type LoaderOf } from "../loader.ts";
import { type ResolvedClasses, resolveClasses } from "./classes.ts";
import { type ClassifierJudge, createClassifierJudge } from "./judge.ts";
import { type ModelConfig, readModelConfig } from "./model-config.ts";
import { readClasses } from "./score.ts";

/**
 * Loads template, tokenizer and classes of a classifier. Throws AbtieError("config") when one of them is missing or broken, or when
 * the classes cannot stand for the labels.
 */
export async function createClassifierLoader(
  config: DatedConfig,
  dataset: Dataset,
  clock: Clock,
  threads: PreparingThreads = NO_THREADS,
): Promise<LoaderOf<ClassifierJudge>> {
  const { engine } = config;
  const folder = engine.kind === "spawn" ? engine.model : engine.tokenizer;
  const model = folder === null ? null : await readModelConfig(folder);
  const classes = resolveClasses(model, engine.classes, config.classes);
  return loaderFor({ classes, model }, config, dataset, clock, threads);
}

/**
 * Loads template and tokenizer of a classifier that is yet to be trained: its head has the classes of the judge in their order, and
 * `padToken` is the padding token of the training. Throws AbtieError("config") like createClassifierLoader.
 */
export function createUntrainedLoader(
  config: DatedConfig,
  dataset: Dataset,
  {
    padToken,
    clock,
    threads,
  }: { readonly padToken: number | null; readonly clock: Clock; readonly threads: PreparingThreads },
): Promise<LoaderOf<ClassifierJudge>> {
  const order = perClass(config.classes, (_, index) => index);
  const model = { path: config.engine.tokenizer ?? "", padToken, softCapped: false };
  return loaderFor({ classes: { order, names: null, doubt: null }, model }, config, dataset, clock, threads);
}

async function loaderFor(
  {
    classes,
    model,
  }: {
    readonly classes: ResolvedClasses;
    readonly model: Pick<ModelConfig, "path" | "padToken" | "softCapped"> | null;
  },
  config: DatedConfig,
  dataset: Dataset,
  clock: Clock,
  threads: PreparingThreads,
): Promise<LoaderOf<ClassifierJudge>> {
  const endToken = config.appendEos ? await readEndToken(config.engine.tokenizer) : null;
  const kind: JudgeKind<ClassifierJudge> = {
    hasMass: false,
    create: (parts) => createClassifierJudge({ config, dataset, classes, model, endToken, ...parts }),
    probeInput: (_, prompt) => ({
      prompt,
      ids: classes.order,
      check: (answer) => refuseOtherClasses(classes, answer),
    }),
  };
  return createLoader(kind, config, dataset, clock, threads);
}

async function readEndToken(folder: string | null): Promise<number> {
  const eos = folder === null ? null : (await readSpecialIds(folder)).eos;
  if (eos !== null) return eos;
  throw new AbtieError(
    "config",
    folder === null
      ? "append_eos needs the id of the end-of-sequence token: name the folder with the model's tokenizer as engine.tokenizer"
      : `append_eos needs an end-of-sequence token, and the tokenizer in ${folder} names none (eos_token): copy the model folder again, or delete the key`,
  );
}

function refuseOtherClasses(classes: ResolvedClasses, answer: TokenLogProbs): void {
  try {
    readClasses(classes, answer);
  } catch (cause) {
    if (!(cause instanceof RequestError)) throw cause;
    throw new AbtieError(
      "engine",
      `${cause.message} Point engine.tokenizer to the files of the model that is served.`,
      {
        cause,
      },
    );
  }
}
