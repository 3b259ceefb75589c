import type { DatedConfig } from "../config/config.ts";
import type { Dataset } from "../dataset/open-dataset.ts";
import { createGenerativeLoader } from "../judge/generative/load.ts";
import type { JudgeLoader } from "../judge/judge.ts";
import type { Clock } from "../types.ts";

/**
 * Creates the loader for the kind of judge in the config. Throws AbtieError("config") for a template or tokenizer that the
 * loader cannot use.
 */
export async function createJudgeLoader(config: DatedConfig, dataset: Dataset, clock: Clock): Promise<JudgeLoader> {
  return createGenerativeLoader(config, dataset, clock);
}
