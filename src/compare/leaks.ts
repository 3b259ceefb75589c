import { readFile } from "node:fs/promises";
import { allEnded } from "../all-ended.ts";
import type { Config } from "../config/config.ts";
import type { Dataset } from "../dataset/open-dataset.ts";
import { AbtieError } from "../errors.ts";
import { calibrationFittedTo } from "../evaluate/in-sample.ts";
import type { Row } from "../types.ts";
import type { Variant } from "./open-variants.ts";

/**
 * Refuses a config in which a prompt or response column is also a label column. Throws AbtieError("config") that names
 * the column.
 */
export function refuseLabelsAsText({ columns }: Pick<Config, "columns">): void {
  const texts = { prompt: columns.prompt, response_a: columns.responseA, response_b: columns.responseB };
  const truth = [...columns.labels, columns.votes, ...(columns.label === null ? [] : [columns.label])];
  for (const [key, name] of Object.entries(texts)) {
    if (!truth.includes(name)) continue;
    throw new AbtieError(
      "config",
      `the column "${name}" is both a label and the text of columns.${key}: a judge that sees the labels would win. Name two columns under columns in the config.`,
    );
  }
}

/** A shorter text, such as "Yes.", may be in a template by chance. */
const LEAST_CHARACTERS = 40;
/** Number of rows that are read at the same time. */
const AT_ONCE = 32;

/**
 * Counts for each variant the rows of which its template contains a prompt or a response word for word. This happens
 * when examples in the template were taken from the labelled file; the template then reveals the answers of these rows.
 */
export async function countLeakedRows(
  variants: readonly Pick<Variant, "config">[],
  dataset: Pick<Dataset, "read">,
  rows: Uint32Array,
): Promise<readonly number[]> {
  const templates = await allEnded(variants.map(({ config }) => readFile(config.template, "utf8")));
  const leaked = templates.map(() => 0);
  for (let start = 0; start < rows.length; start += AT_ONCE) {
    const batch = await allEnded(Array.from(rows.subarray(start, start + AT_ONCE), dataset.read));
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

/**
 * Lists the variants with a calibration that was fitted to the file with this hash. Such a calibration already uses the
 * labels of the file.
 */
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
