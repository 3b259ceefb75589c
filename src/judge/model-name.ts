import { basename } from "node:path";

/**
 * Gives the model of an engine the same name on every machine: the last part of its folder or of its name in a
 * registry. An engine that has neither gets the name of its tokenizer's folder, or "unnamed".
 */
export function modelName({
  model,
  tokenizer,
}: {
  readonly model: string | null;
  readonly tokenizer: string | null;
}): string {
  const named = model ?? tokenizer;
  return named === null ? "unnamed" : basename(named);
}
