import { RequestError } from "./request-error.ts";

/** The log probabilities (nats) of one choice as the server wrote them, by key; the values are not checked yet. */
export type ChoiceLogProbs = Readonly<Record<string, unknown>>;

/** vLLM writes this number for negative infinity, because JSON has no infinity. */
const MINUS_INFINITY = -9999;
/** The log probability of a certain token may be a little above 0, because float32 rounds it. */
const ROUNDING = 1e-3;

/**
 * Checks that an answer to /v1/completions contains one choice for each prompt, and returns the choices in the order of
 * the prompts. Uses no schema, because a schema would be slower and this function runs for every request. Throws
 * RequestError("malformed").
 */
export function readChoices(answer: unknown, prompts: readonly (readonly number[])[]): readonly ChoiceLogProbs[] {
  if (!isRecord(answer)) throw malformed("is not a JSON object", answer);
  const { choices, usage } = answer;
  if (!Array.isArray(choices)) throw malformed("holds no list of choices", answer);
  if (choices.length !== prompts.length) {
    throw malformed(`holds ${choices.length} choices for ${prompts.length} prompts`, answer);
  }
  checkUsage(usage, prompts);
  const ordered = new Array<ChoiceLogProbs | undefined>(prompts.length);
  for (const choice of choices) {
    const index: unknown = isRecord(choice) ? choice["index"] : undefined;
    if (typeof index !== "number" || !Number.isInteger(index) || index < 0 || index >= prompts.length) {
      throw malformed(`holds a choice whose index is ${JSON.stringify(index)}`, choice);
    }
    if (ordered[index] !== undefined) throw malformed(`holds two choices with the index ${index}`, choice);
    ordered[index] = topLogProbs(choice);
  }
  // Every index is in range, no index occurs twice, and there are as many choices as prompts, so no element is missing.
  return ordered as readonly ChoiceLogProbs[];
}

/**
 * Reads one log probability of a choice; -9999 stands for -Infinity. Returns undefined when the key is absent. Throws
 * RequestError("malformed").
 */
export function readLogProb(choice: ChoiceLogProbs, key: string): number | undefined {
  const value = choice[key];
  if (value === undefined) return undefined;
  if (typeof value !== "number" || !Number.isFinite(value)) throw malformed(`has no finite number for ${key}`, choice);
  if (value > ROUNDING) {
    throw malformed(
      `gives ${value} for ${key}, which is not a log probability (a server started with --logprobs-mode raw_logits or processed_logits answers like this)`,
      choice,
    );
  }
  return value <= MINUS_INFINITY ? Number.NEGATIVE_INFINITY : Math.min(value, 0);
}

/** Gives the key that a server uses for a token when it lists tokens by their ids. */
export function keyOf(id: number): string {
  return `token_id:${id}`;
}

/** Builds the error for an answer that arrived but cannot be used. `what` completes the sentence "The answer ...". */
export function malformed(what: string, part: unknown): RequestError {
  const shown = JSON.stringify(part) ?? String(part);
  return new RequestError(
    "malformed",
    `The answer ${what}: ${shown.length > 300 ? `${shown.slice(0, 300)}...` : shown}`,
  );
}

/**
 * Reads the name of the model that an answer of /v1/completions bears; null when it bears none. Throws
 * RequestError("wrong-model") when the name is another than `expected`; null allows every name.
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

function checkUsage(usage: unknown, prompts: readonly (readonly number[])[]): void {
  const counted = isRecord(usage) ? usage["prompt_tokens"] : undefined;
  if (counted === undefined || counted === null) return;
  let sent = 0;
  for (const prompt of prompts) sent += prompt.length;
  if (counted !== sent) throw malformed(`is about ${String(counted)} prompt tokens, but ${sent} were sent`, usage);
}

function topLogProbs(choice: unknown): ChoiceLogProbs {
  const logprobs = isRecord(choice) ? choice["logprobs"] : undefined;
  const top = isRecord(logprobs) ? logprobs["top_logprobs"] : undefined;
  const first: unknown = Array.isArray(top) ? top[0] : undefined;
  if (!isRecord(first)) throw malformed("has a choice without log probabilities", choice);
  return first;
}

/** True for a JSON object. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
