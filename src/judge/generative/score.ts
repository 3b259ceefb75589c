import { RequestError } from "../../engine/client/request-error.ts";
import type { TokenLogProbs } from "../../engine/dialects/dialect.ts";
import { messageOf } from "../../errors.ts";
import type { Reading } from "../../types.ts";
import type { Scorer } from "../judge.ts";
import { readLabels } from "./labels/read.ts";
import type { ResolvedLabels } from "./labels/resolve.ts";

/**
 * Makes the scorer of labels. It sends one request for each probe (a single request when every label is one token). It
 * sends all of them at the same time, so that the server finds their common prompts in its prefix cache.
 */
export function createLabelScorer(labels: ResolvedLabels): Scorer {
  return {
    score: async (engine, tasks, signal) => {
      const answers = await Promise.all(
        labels.probes.map(({ suffix, ids }) => {
          const prompts = tasks.map((task) => (suffix.length === 0 ? task.ids : [...task.ids, ...suffix]));
          return engine.score(prompts, ids, signal, tasks[0]?.cacheSalt);
        }),
      );
      return tasks.map((_, index) => {
        const ofTask = answers.map((answer) => answer[index]).filter((answer) => answer !== undefined);
        return readAnswers(labels, ofTask);
      });
    },
  };
}

function readAnswers(labels: ResolvedLabels, answers: readonly TokenLogProbs[]): Reading {
  try {
    return readLabels(labels, answers);
  } catch (cause) {
    throw new RequestError("malformed", messageOf(cause), { cause });
  }
}
