import { readFile } from "node:fs/promises";
import type { Dataset } from "../dataset/open-dataset.ts";
import type { Row } from "../types.ts";
import type { VariantRun } from "./variant-run.ts";

/** Shorter texts ("Yes.") are in a template by chance. */
const LEAST_CHARACTERS = 40;
/** Rows read at once. */
const AT_ONCE = 32;

/**
 * Counts for each contestant the rows of which its template holds a prompt or a response word for word, as one does whose examples
 * were taken from the labelled file: what it says about those rows it was told.
 */
export async function countLeakedRows(
  contestants: readonly Pick<VariantRun, "config">[],
  dataset: Pick<Dataset, "read">,
  rows: Uint32Array,
): Promise<readonly number[]> {
  const templates = await Promise.all(contestants.map(({ config }) => readFile(config.template, "utf8")));
  const leaked = templates.map(() => 0);
  for (let start = 0; start < rows.length; start += AT_ONCE) {
    const batch = await Promise.all(Array.from(rows.subarray(start, start + AT_ONCE), dataset.read));
    for (const texts of batch.map(textsOf)) {
      for (const [place, template] of templates.entries()) {
        if (texts.some((text) => template.includes(text))) leaked[place] = (leaked[place] ?? 0) + 1;
      }
    }
  }
  return leaked;
}

function textsOf({ prompts, responsesA, responsesB }: Row): readonly string[] {
  return [...prompts, ...responsesA, ...responsesB].flatMap((turn) => {
    const text = turn?.trim() ?? "";
    return text.length < LEAST_CHARACTERS ? [] : [text];
  });
}
