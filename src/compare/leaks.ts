import { readFile } from "node:fs/promises";
import type { Config } from "../config/config.ts";
import type { Dataset } from "../dataset/open-dataset.ts";
import { AbtieError } from "../errors.ts";
import { calibrationFittedTo } from "../evaluate/in-sample.ts";
import type { Row } from "../types.ts";
import type { Variant } from "./open-variants.ts";

/** Refuses a config whose prompt or response column is also a label column. Throws AbtieError("config") naming the column. */
export function refuseLabelsAsText({ columns }: Pick<Config, "columns">): void {
  const texts = { prompt: columns.prompt, response_a: columns.responseA, response_b: columns.responseB };
  const truth = [...columns.labels, columns.votes];
  for (const [key, name] of Object.entries(texts)) {
    if (!truth.includes(name)) continue;
    throw new AbtieError(
      "config",
      `the column "${name}" is both a label and the text of columns.${key}: a judge that sees the labels would win`,
    );
  }
}

/** Shorter texts, such as "Yes.", are in a template by chance. */
const LEAST_CHARACTERS = 40;
/** Rows read at once. */
const AT_ONCE = 32;

/**
 * Counts for each variant the rows of which its template holds a prompt or a response word for word. That happens when
 * examples in the template were taken from the labelled file, so that the template gives away the answers of those rows.
 */
export async function countLeakedRows(
  variants: readonly Pick<Variant, "config">[],
  dataset: Pick<Dataset, "read">,
  rows: Uint32Array,
): Promise<readonly number[]> {
  const templates = await Promise.all(variants.map(({ config }) => readFile(config.template, "utf8")));
  const leaked = templates.map(() => 0);
  for (let start = 0; start < rows.length; start += AT_ONCE) {
    const batch = await Promise.all(Array.from(rows.subarray(start, start + AT_ONCE), dataset.read));
    for (const texts of batch.map(textsOf)) {
      for (const [index, template] of templates.entries()) {
        if (texts.some((text) => template.includes(text))) leaked[index] = (leaked[index] ?? 0) + 1;
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

/** Lists the variants whose calibration was fitted to the file with this hash: they have seen its labels. */
export async function variantsFittedTo(
  variants: readonly Pick<Variant, "name" | "config">[],
  sha256: string,
): Promise<readonly string[]> {
  const names: string[] = [];
  for (const { name, config } of variants) {
    if ((await calibrationFittedTo(config, sha256)) !== null) names.push(name);
  }
  return names;
}
