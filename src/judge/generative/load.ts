import type { DatedConfig } from "../../config/config.ts";
import type { Dataset } from "../../dataset/open-dataset.ts";
import type { ProbeInput } from "../../engine/dialects/dialect.ts";
import { NO_THREADS, type PreparingThreads } from "../../prompt/threads/threads.ts";
import type { Clock } from "../../types.ts";
import { createLoader, type JudgeKind, type LoaderOf } from "../loader.ts";
import { createGenerativeJudge, type GenerativeJudge } from "./judge.ts";

/** Loads template and tokenizer of a model that generates text. Throws AbtieError("config") when one is missing or broken. */
export function createGenerativeLoader(
  config: DatedConfig,
  dataset: Dataset,
  clock: Clock,
  threads: PreparingThreads = NO_THREADS,
): Promise<LoaderOf<GenerativeJudge>> {
  const kind: JudgeKind<GenerativeJudge> = {
    hasMass: true,
    create: (parts) => createGenerativeJudge({ config, dataset, ...parts }),
    probeInput,
  };
  return createLoader(kind, config, dataset, clock, threads);
}

/**
 * Extends the prompt by the tokens with which all labels begin. Labels such as "[[A]]" and "[[B]]" begin with the same tokens, and a
 * server can show how it returns alternatives only at a position where the labels differ.
 */
function probeInput({ resolved }: GenerativeJudge, prompt: readonly number[]): ProbeInput {
  const fork = resolved.probes.find((probe) => new Set(probe.ids).size > 1);
  if (fork === undefined) throw new Error("labels that differ part somewhere");
  return { prompt: [...prompt, ...fork.suffix], ids: fork.ids };
}
