import { RequestError } from "../engine/request-error.ts";
import type { Engine } from "../engine/types.ts";
import { readLabels } from "../label/read.ts";
import type { ResolvedLabels } from "../label/resolve.ts";
import type { Reading } from "../types.ts";
import type { Task } from "./judge.ts";

/**
 * Scores a batch of tasks: one request for each probe of the labels (one in all when every label is one token), sent
 * together so that the server finds the shared prompt in its prefix cache. Throws a RequestError.
 */
export async function scoreBatch(
  engine: Pick<Engine, "score">,
  labels: ResolvedLabels,
  batch: readonly Task[],
  signal: AbortSignal,
): Promise<readonly Reading[]> {
  const answers = await Promise.all(
    labels.probes.map(({ suffix, ids }) =>
      engine.score(
        batch.map((task) => (suffix.length === 0 ? task.ids : [...task.ids, ...suffix])),
        ids,
        signal,
      ),
    ),
  );
  return batch.map((_, place) => {
    const perProbe = answers.map((answer) => answer[place]).filter((answer) => answer !== undefined);
    try {
      return readLabels(labels, perProbe);
    } catch (cause) {
      throw new RequestError("malformed", cause instanceof Error ? cause.message : String(cause), { cause });
    }
  });
}
