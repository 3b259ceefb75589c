import { basename } from "node:path";

/**
 * Names the model of an engine alike on every machine: by the last part of its folder or of its name in a registry. An engine
 * without either is named after its tokenizer's folder, or "unnamed".
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
