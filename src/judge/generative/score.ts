import { RequestError } from "../../engine/request-error.ts";
import type { Engine, TokenLogProbs } from "../../engine/types.ts";
import { messageOf } from "../../errors.ts";
import type { Reading } from "../../types.ts";
import type { Task } from "./judge.ts";
import { readLabels } from "./labels/read.ts";
import type { ResolvedLabels } from "./labels/resolve.ts";

/**
 * Scores a batch of tasks: one request for each probe of the labels (one in all when every label is one token and all tasks
 * ask for the same), sent together so that the server finds the shared prompt in its prefix cache. Throws a RequestError.
 */
export async function scoreBatch(
  engine: Pick<Engine, "score">,
  batch: readonly Task[],
  signal: AbortSignal,
): Promise<readonly Reading[]> {
  const kinds = [...new Set(batch.map(({ labels }) => labels))];
  const scored = await Promise.all(
    kinds.map(async (labels) => {
      const tasks = batch.filter((task) => task.labels === labels);
      const readings = await scoreSame(engine, labels, tasks, signal);
      return tasks.map((task, place) => [task, readings[place]] as const);
    }),
  );
  const byTask = new Map(scored.flat());
  return batch.map((task) => {
    const reading = byTask.get(task);
    if (reading === undefined) throw new Error("every task of a batch is scored");
    return reading;
  });
}

async function scoreSame(
  engine: Pick<Engine, "score">,
  labels: ResolvedLabels,
  tasks: readonly Task[],
  signal: AbortSignal,
): Promise<readonly Reading[]> {
  const answers = await Promise.all(
    labels.probes.map(({ suffix, ids }) => {
      const prompts = tasks.map((task) => (suffix.length === 0 ? task.ids : [...task.ids, ...suffix]));
      return engine.score(prompts, ids, signal, tasks[0]?.cacheSalt);
    }),
  );
  return tasks.map((_, place) => {
    const perProbe = answers.map((answer) => answer[place]).filter((answer) => answer !== undefined);
    return combine(labels, perProbe);
  });
}

function combine(labels: ResolvedLabels, answers: readonly TokenLogProbs[]): Reading {
  try {
    return readLabels(labels, answers);
  } catch (cause) {
    throw new RequestError("malformed", messageOf(cause), { cause });
  }
}
