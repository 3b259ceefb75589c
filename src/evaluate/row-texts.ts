import { allEnded } from "../all-ended.ts";
import type { Row } from "../types.ts";
import type { LabelledRows } from "./labelled.ts";
import { scriptOf } from "./script-of.ts";

/** The properties of the texts by which rows are divided. */
export interface RowTexts {
  readonly turns: Uint32Array;
  /** Number of UTF-16 units in the prompt and both responses. */
  readonly characters: Uint32Array;
  readonly scripts: readonly string[];
}

/** Reading 32 rows at the same time keeps the disk busy and needs little memory. */
const AT_ONCE = 32;

/** Reads the text of every judged row once, from the labelled file; null when that has labels without answers. */
export async function readRowTexts({
  dataset,
  indexes,
}: Pick<LabelledRows, "dataset" | "indexes">): Promise<RowTexts | null> {
  if (!dataset.hasAnswers) return null;
  const turns = new Uint32Array(indexes.length);
  const characters = new Uint32Array(indexes.length);
  const scripts: string[] = [];
  for (let start = 0; start < indexes.length; start += AT_ONCE) {
    const rows = await allEnded(Array.from(indexes.subarray(start, start + AT_ONCE), dataset.read));
    for (const [offset, row] of rows.entries()) {
      const texts = textsOf(row);
      turns[start + offset] = row.prompts.length;
      characters[start + offset] = texts.reduce((sum, text) => sum + text.length, 0);
      scripts.push(scriptOf(texts));
    }
  }
  return { turns, characters, scripts };
}

/** The tag that the labels give each judged row, for example "both bad"; null when no row of the file has one. */
export function tagsOf({
  dataset: { tags },
  indexes,
}: Pick<LabelledRows, "dataset" | "indexes">): readonly (string | null)[] | null {
  return tags === null ? null : Array.from(indexes, (index) => tags[index] ?? null);
}

function textsOf({ prompts, responsesA, responsesB }: Row): readonly string[] {
  return [prompts, responsesA, responsesB].map((turns) => turns.filter((turn) => turn !== null).join("\n"));
}
