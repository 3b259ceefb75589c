import type { Dataset } from "../dataset/open-dataset.ts";
import { RequestError } from "../engine/client/request-error.ts";
import { AbtieError } from "../errors.ts";
import { plural } from "../format.ts";
import { spreadSample } from "../numbers/spread-sample.ts";
import { createPreparer } from "../prompt/preparer.ts";
import { isChat, type Template } from "../prompt/template/template.ts";
import type { LocalTokenizer } from "../prompt/tokenizer/local.ts";
import { dayOf } from "../prompt/tokenizer/strftime.ts";
import type { Tokenizer } from "../prompt/tokenizer/tokenizer.ts";

/** Number of rows whose prompts are compared. */
const SAMPLE_ROWS = 3;

/**
 * Checks on a sample of rows that the local tokenizer and the server's own tokenizer give a whole prompt, chat template
 * included, the same token ids. Different ids would give wrong numbers without any error. A server's chat template may
 * print the server's own day, so a template that prints the date is compared for the days around `now` too (ms since
 * 1970). Throws AbtieError("engine") with the first token that differs. Checks nothing when the server has no /tokenize
 * or /detokenize: the pages are not part of the OpenAI API, so a gateway may answer there in any way.
 */
export async function checkTokenizers(options: {
  local: LocalTokenizer;
  remote: Tokenizer;
  template: Template;
  budget: number;
  dataset: Pick<Dataset, "ids" | "read">;
  now: number;
}): Promise<void> {
  const { local, remote, template, budget, dataset, now } = options;
  const days = local.dated ? [0, -1, 1].map((moved) => local.with({ date: dayOf(now, moved) })) : [];
  const here = [local, ...days].map((tokenizer) => createPreparer({ template, tokenizer, budget }));
  // Both tokenizers must encode the same text, so both break up the control tokens of the local tokenizer.
  const sameText: Tokenizer = { ...remote, control: local.control };
  const there = createPreparer({ template, tokenizer: sameText, budget });
  for (const index of spreadSample(dataset.ids.length, SAMPLE_ROWS)) {
    const row = await dataset.read(index);
    const served = await there.prepare(row, "ab").catch(nullIfRefused);
    if (served === null) return;
    const prepared = await Promise.all(here.map((preparer) => preparer.prepare(row, "ab")));
    const [difference, ...onOtherDays] = prepared.map(({ ids }) => describeDifference(ids, served.ids));
    if (difference === undefined || difference === null || onOtherDays.includes(null)) continue;
    const files = isChat(template) ? "the model folder (or its chat template)" : "the model folder";
    throw new AbtieError(
      "engine",
      `the tokenizer in ${files} is not the server's: in the prompt of row ${row.id} ${difference}. Point ` +
        "engine.tokenizer to the files of the model that is served, or set it to false to let the server tokenise.",
    );
  }
}

/**
 * Returns null for the error of a request: the server has no /tokenize or /detokenize, keeps it closed, answers too late, or
 * has no chat template. A run with a local tokenizer needs none of them. Throws any other error.
 */
export function nullIfRefused(error: unknown): null {
  const cause = error instanceof AbtieError ? error.cause : error;
  if (cause instanceof RequestError) return null;
  throw error;
}

/** Describes the first token in which two lists of token ids differ; null when they are equal. */
export function describeDifference(here: readonly number[], there: readonly number[]): string | null {
  const longest = Math.max(here.length, there.length);
  for (let i = 0; i < longest; i += 1) {
    if (here[i] === there[i]) continue;
    const show = (ids: readonly number[]): string => (i < ids.length ? String(ids[i]) : "missing");
    return `token ${i + 1} is ${show(here)} here and ${show(there)} on the server (${here.length} and ${plural(there.length, "token")})`;
  }
  return null;
}
