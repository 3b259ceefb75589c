import type { Row } from "../types.ts";
import type { Labelled } from "./labelled.ts";
import { scriptOf } from "./script-of.ts";

/** What slices need of the texts of judged rows. */
export interface RowTexts {
  readonly turns: Uint32Array;
  /** UTF-16 units of prompt and both responses. */
  readonly characters: Uint32Array;
  readonly scripts: readonly string[];
}

/** Rows read at once: enough to keep the disk busy, few enough to hold no file in memory. */
const AT_ONCE = 32;

/** Reads the text of every judged row once, from the labelled file. */
export async function readRowTexts({ dataset, places }: Pick<Labelled, "dataset" | "places">): Promise<RowTexts> {
  const turns = new Uint32Array(places.length);
  const characters = new Uint32Array(places.length);
  const scripts: string[] = [];
  for (let start = 0; start < places.length; start += AT_ONCE) {
    const rows = await Promise.all(Array.from(places.subarray(start, start + AT_ONCE), dataset.read));
    for (const [offset, row] of rows.entries()) {
      const texts = textsOf(row);
      turns[start + offset] = row.prompts.length;
      characters[start + offset] = texts.reduce((sum, text) => sum + text.length, 0);
      scripts.push(scriptOf(texts));
    }
  }
  return { turns, characters, scripts };
}

function textsOf({ prompts, responsesA, responsesB }: Row): readonly string[] {
  return [prompts, responsesA, responsesB].map((turns) => turns.filter((turn) => turn !== null).join("\n"));
}
