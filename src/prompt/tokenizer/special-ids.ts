import { type ModelFiles, readModelFiles } from "./model-files.ts";

/** The ids of the special tokens that a tokenizer names; null for one that it lacks. */
export interface SpecialIds {
  readonly bos: number | null;
  /** The end-of-sequence token. */
  readonly eos: number | null;
  /** The token with which trainers fill prompts up to equal lengths. */
  readonly pad: number | null;
}

/** Reads the ids of the special tokens from a model's folder. Throws AbtieError("config") when a file is missing or damaged. */
export async function readSpecialIds(modelDir: string): Promise<SpecialIds> {
  const files = await readModelFiles(modelDir);
  return { bos: idOf("bos_token", files), eos: idOf("eos_token", files), pad: idOf("pad_token", files) };
}

function idOf(name: string, { specials, tokenizer }: ModelFiles): number | null {
  const text = specials[name];
  const added = tokenizer.added_tokens.find(({ content }) => content === text);
  if (added !== undefined) return added.id;
  const { vocab } = tokenizer.model;
  if (text === undefined || typeof vocab !== "object" || vocab === null || !Object.hasOwn(vocab, text)) return null;
  const id: unknown = (vocab as Readonly<Record<string, unknown>>)[text];
  return typeof id === "number" ? id : null;
}
