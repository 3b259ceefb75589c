import { mapClasses } from "../../classes.ts";
import { RequestError } from "../../engine/client/request-error.ts";
import type { TokenLogProbs } from "../../engine/dialects/dialect.ts";
import type { Reading } from "../../types.ts";
import type { Scorer } from "../judge.ts";
import type { ResolvedClasses } from "./classes.ts";

/** Makes the scorer of a classifier: one request for all tasks of a batch. */
export function createClassScorer(classes: ResolvedClasses): Scorer {
  return {
    score: async (engine, tasks, signal) => {
      const prompts = tasks.map((task) => task.ids);
      const answers = await engine.score(prompts, classes.order, signal, tasks[0]?.cacheSalt);
      return answers.map((answer) => readClasses(classes, answer));
    },
  };
}

/**
 * Turns the class probabilities of one prompt into a reading. A classifier has no label mass. Throws RequestError("wrong-model") when
 * the server gives the most likely class another name than the model's config, because it then serves another model, or the classes
 * in another order.
 */
export function readClasses({ order, names }: ResolvedClasses, answer: TokenLogProbs): Reading {
  const logProbOf = (index: number): number => {
    const value = answer.logProbs.get(index);
    if (value === undefined) throw new RequestError("malformed", `The answer lacks class ${index}.`);
    return value;
  };
  const { named } = answer;
  if (names !== null && named !== undefined && named !== null) {
    const values = names.map((_, index) => logProbOf(index));
    const highest = Math.max(...values);
    // Two classes may be equally likely.
    const expected = names.filter((_, index) => values[index] === highest);
    if (!expected.includes(named)) {
      throw new RequestError(
        "wrong-model",
        `The server calls the most likely class ${JSON.stringify(named)}, where the model's config.json calls it ${expected.map((name) => JSON.stringify(name)).join(" or ")}: it serves another model, or its classes have another order.`,
      );
    }
  }
  const logProbs = mapClasses(order, logProbOf);
  return { logProbs, mass: null, bounded: false };
}
