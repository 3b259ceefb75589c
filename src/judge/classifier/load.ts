import type { DatedConfig } from "../../config/config.ts";
import type { Dataset } from "../../dataset/open-dataset.ts";
import { RequestError } from "../../engine/client/request-error.ts";
import type { TokenLogProbs } from "../../engine/dialects/dialect.ts";
import { AbtieError } from "../../errors.ts";
import type { Clock } from "../../types.ts";
import { createLoader, type JudgeKind, type LoaderOf } from "../loader.ts";
import { type ResolvedClasses, resolveClasses } from "./classes.ts";
import { type ClassifierJudge, createClassifierJudge } from "./judge.ts";
import { readModelConfig } from "./model-config.ts";
import { readClasses } from "./score.ts";

/**
 * Loads template, tokenizer and classes of a classifier. Throws AbtieError("config") when one of them is missing or broken, or when
 * the classes cannot stand for the labels.
 */
export async function createClassifierLoader(
  config: DatedConfig,
  dataset: Dataset,
  clock: Clock,
): Promise<LoaderOf<ClassifierJudge>> {
  const { engine } = config;
  const folder = engine.kind === "spawn" ? engine.model : engine.tokenizer;
  const model = folder === null ? null : await readModelConfig(folder);
  const classes = resolveClasses(model, engine.classes, config.classes);
  const kind: JudgeKind<ClassifierJudge> = {
    hasMass: false,
    create: (parts) => createClassifierJudge({ config, dataset, classes, model, ...parts }),
    probeInput: (_, prompt) => ({
      prompt,
      ids: classes.order,
      check: (answer) => refuseOtherClasses(classes, answer),
    }),
  };
  return createLoader(kind, config, dataset, clock);
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
