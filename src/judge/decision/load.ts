import type { DatedConfig } from "../../config/config.ts";
import type { Dataset } from "../../dataset/open-dataset.ts";
import { AbtieError } from "../../errors.ts";
import { isRecord } from "../../files/json-shape.ts";
import { NO_THREADS, type PreparingThreads } from "../../prompt/threads/threads.ts";
import type { Clock } from "../../types.ts";
import type { JudgeServer, Task } from "../judge.ts";
import { createLoader, type JudgeKind, type LoaderOf } from "../loader.ts";
import { createDecisionJudge, type DecisionJudge } from "./judge.ts";
import { DECISION_PAGES, hasNoDecisions } from "./pages.ts";

/** Loads template and tokenizer of a judge of structured decisions. Throws AbtieError("config") when one is missing or broken. */
export function createDecisionLoader(
  config: DatedConfig,
  dataset: Dataset,
  clock: Clock,
  threads: PreparingThreads = NO_THREADS,
): Promise<LoaderOf<DecisionJudge>> {
  const kind: JudgeKind<DecisionJudge> = {
    hasMass: true,
    create: (parts) => createDecisionJudge({ config, dataset, ...parts }),
    probeInput: ({ letters }, prompt) => ({ prompt, ids: letters }),
    prove: (judge, first, server) => proveDecisions(judge, first, server),
  };
  return createLoader(kind, config, dataset, clock, threads);
}

/** Asks one question. The server must have a page for it, and count as many tokens as the prompt has here, if it counts any. */
async function proveDecisions(judge: DecisionJudge, { row, order }: Task, server: JudgeServer): Promise<void> {
  const { answer, tokens } = await judge.pages
    .ask(async (page) => {
      const { body, tokens } = await judge.firstQuestion(page, row, order);
      return { answer: await server.ask(page, body), tokens };
    })
    .catch((cause: unknown) => {
      if (!hasNoDecisions(cause)) throw cause;
      throw new AbtieError(
        "engine",
        `the server takes no structured decisions on ${DECISION_PAGES.join(" or ")} (${cause.message}): vLLM 0.32 does for Qwen3 and a few other models. Take a template with "format: chat" for this model.`,
        { cause },
      );
    });
  const usage = isRecord(answer) ? answer["usage"] : undefined;
  const counted = isRecord(usage) ? (usage["input_tokens"] ?? usage["prompt_tokens"]) : undefined;
  if (counted === undefined || counted === tokens) return;
  throw new AbtieError(
    "engine",
    `the server's prompt of a structured decision has ${String(counted)} tokens, and ${tokens} were expected: its version writes another prompt, or engine.tokenizer is not of its model`,
  );
}
