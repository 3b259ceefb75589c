import { isRecord } from "../../files/json-shape.ts";
import { RequestError } from "../client/request-error.ts";

/**
 * Reads the name of the model that an answer bears; null when it bears none. Throws RequestError("wrong-model") when the
 * name is another than `expected`; null allows every name.
 */
export function readModelName(answer: unknown, expected: string | null): string | null {
  const name = isRecord(answer) ? answer["model"] : undefined;
  if (typeof name !== "string" || name === "") return null;
  if (expected === null || name === expected) return name;
  const shown = (text: string): string => JSON.stringify(text.slice(0, 100));
  throw new RequestError(
    "wrong-model",
    `The answer is from the model ${shown(name)}, where ${shown(expected)} answered before. Another model behind the same address would mix two models in one run.`,
  );
}
