import type { Config } from "../config/config.ts";
import type { Dataset } from "../dataset/open-dataset.ts";
import { createGenerativeLoader } from "../judge/generative/load.ts";
import type { JudgeLoader } from "../judge/judge.ts";

/** Creates the loader of the config's kind of judge. Throws AbtieError("config") for a template or tokenizer that it cannot use. */
export async function createJudgeLoader(config: Config, dataset: Dataset): Promise<JudgeLoader> {
  return createGenerativeLoader(config, dataset);
}
