import type { RuleFields } from "./merge.ts";
import type { ModelFiles } from "./model-files.ts";

/**
 * The files of a model in memory that threads share. A thread that reads them from the disk has 120 MB more at its peak for a
 * vocabulary of 262,000 tokens: the parsed merge rules, of which a table is made.
 */
export interface SharedModel {
  /** ModelFiles as JSON in UTF-8, without the merge rules. */
  readonly files: SharedArrayBuffer;
  readonly rules: RuleFields;
}

/** Packs files whose merge rules are in the table. */
export function packModel(files: ModelFiles, rules: RuleFields): SharedModel {
  const { tokenizer } = files;
  const model = { ...tokenizer.model, merges: [] };
  const text = Buffer.from(JSON.stringify({ ...files, tokenizer: { ...tokenizer, model } }));
  const shared = new SharedArrayBuffer(text.length);
  new Uint8Array(shared).set(text);
  return { files: shared, rules };
}

/** Gives what was packed. */
export function unpackFiles({ files }: Pick<SharedModel, "files">): ModelFiles {
  return JSON.parse(Buffer.from(files).toString("utf8"));
}
