import { isRecord } from "../../files/json-shape.ts";
import { malformed } from "../client/malformed.ts";
import type { DialectRequest, Question } from "./dialect.ts";

/** Makes a /v1/completions request for one token after each prompt at temperature 0, with the fields of a dialect added. */
export function completionRequest(
  { model, prompts, cacheSalt }: Question,
  fields: Readonly<Record<string, unknown>>,
): DialectRequest {
  const salt = cacheSalt === null ? {} : { cache_salt: cacheSalt };
  const body = { model, prompt: prompts, max_tokens: 1, temperature: 0, ...fields, ...salt };
  return { path: "/v1/completions", body };
}

/**
 * Checks that an answer to /v1/completions contains one choice for each prompt, and returns the choices in the order of
 * the prompts. `usage` says what the server counts: the tokens of all prompts, or of one of them. Uses no schema, because a
 * schema would be slower and this function runs for every request. Throws RequestError("malformed").
 */
export function readChoices(
  answer: unknown,
  question: Pick<Question, "prompts">,
  usage: "all" | "one" = "all",
): readonly Readonly<Record<string, unknown>>[] {
  return readItems(answer, "choices", question, usage);
}

/** Checks and orders the list under `key` of an answer, which has one item with an index for each prompt; see `readChoices`. */
export function readItems(
  answer: unknown,
  key: "choices" | "data",
  { prompts }: Pick<Question, "prompts">,
  usage: "all" | "one" = "all",
): readonly Readonly<Record<string, unknown>>[] {
  if (!isRecord(answer)) throw malformed("is not a JSON object", answer);
  const choices = answer[key];
  if (!Array.isArray(choices)) throw malformed(`holds no list of ${key}`, answer);
  if (choices.length !== prompts.length) {
    throw malformed(`holds ${choices.length} ${key} for ${prompts.length} prompts`, answer);
  }
  checkUsage(answer["usage"], prompts, usage);
  const ordered = new Array<Readonly<Record<string, unknown>>>(prompts.length);
  for (const choice of choices) {
    const index: unknown = isRecord(choice) ? choice["index"] : undefined;
    if (typeof index !== "number" || !Number.isInteger(index) || index < 0 || index >= prompts.length) {
      throw malformed(`holds a choice whose index is ${JSON.stringify(index)}`, choice);
    }
    if (ordered[index] !== undefined) throw malformed(`holds two choices with the index ${index}`, choice);
    ordered[index] = choice;
  }
  // Every index is in range, no index occurs twice, and there are as many choices as prompts, so no element is missing.
  return ordered;
}

function checkUsage(usage: unknown, prompts: Question["prompts"], counts: "all" | "one"): void {
  const counted = isRecord(usage) ? usage["prompt_tokens"] : undefined;
  if (counted === undefined || counted === null) return;
  const lengths = prompts.map(({ length }) => length);
  const sent = lengths.reduce((total, length) => total + length, 0);
  if (counted === sent || (counts === "one" && lengths.some((length) => length === counted))) return;
  throw malformed(`is about ${String(counted)} prompt tokens, but ${sent} were sent`, usage);
}

/** Reads each choice of the answer to a question that needs one request. Throws RequestError("malformed"). */
export function readEach<T>(
  answers: readonly unknown[],
  question: Question,
  read: (choice: unknown) => T,
): readonly T[] {
  return readChoices(answers[0], question).map(read);
}
