import { basename } from "node:path";

/**
 * Names the model of an engine: the last part of its folder or of its name in a registry, since folders differ from
 * machine to machine; what a server is asked for when it runs already.
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
