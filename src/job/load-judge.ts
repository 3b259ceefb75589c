import type { Config } from "../config/config.ts";
import type { Dataset } from "../dataset/open-dataset.ts";
import { createGenerativeLoader } from "../judge/generative/load.ts";
import type { JudgeLoader } from "../judge/judge.ts";

/** Chooses the kind of judge that a config asks for. Throws AbtieError("config") for a template or tokenizer it cannot use. */
export async function createJudgeLoader(config: Config, dataset: Dataset): Promise<JudgeLoader> {
  return createGenerativeLoader(config, dataset);
}
