import { AbtieError } from "../../../errors.ts";
import { classesOfLabels, type LabelTexts } from "../../../prompt/template/variables.ts";
import type { Classes, ClassName } from "../../../types.ts";
import { type Probe, planProbes, startsWith } from "./probes.ts";

/** Encodes a fixed prompt followed by the given text. */
export type EncodeWith = (suffix: string) => Promise<readonly number[]>;

/** One text of a label, as the tokens that it has behind the prompt. */
export interface LabelSequence {
  readonly label: ClassName;
  readonly text: string;
  readonly ids: readonly number[];
}

/** The token ids of all labels behind the prompt, and the probes that score them. */
export interface ResolvedLabels {
  readonly classes: Classes;
  readonly sequences: readonly LabelSequence[];
  /** The questions about each prompt. The suffix of probe 0 is empty. */
  readonly probes: readonly Probe[];
  /**
   * Number of tokens to remove from the end of the encoded prompt, because they merge with the start of every label.
   */
  readonly dropTail: number;
  /** The last tokens of the prompt that is sent. The label ids are valid only behind these tokens. */
  readonly tail: readonly number[];
}

/** Largest number of tokens in `tail`. */
const LONGEST_TAIL = 4;

/**
 * Resolves label texts to the token ids that they have behind a prompt. Encoding a label alone would give wrong ids,
 * because tokenizers merge characters across the border: for example the final space of a prompt and the label "A"
 * become one token " A". So the prompt is encoded with each label and without a label. The ids of a label are the
 * tokens behind the longest start that all these encodings share. Prompt tokens behind that start (in the example, the
 * space) are removed when the prompt is sent ("token healing").
 *
 * Throws AbtieError("config") when a label is empty or adds no token, or when two labels cannot be distinguished. That
 * is the case when the tokens of one label equal those of the other or begin with them, because its probability would
 * be counted in the probability of the other label too.
 */
export async function resolveLabels(texts: LabelTexts, encodeWith: EncodeWith): Promise<ResolvedLabels> {
  const classes = classesOfLabels(texts);
  const written = classes.flatMap((label) => (texts[label] ?? []).map((text) => ({ label, text })));
  refuseEmpty(texts);
  const prompt = await encodeWith("");
  const encoded = await Promise.all(written.map(async (entry) => ({ ...entry, all: await encodeWith(entry.text) })));
  const shared = Math.min(...encoded.map(({ all }) => sharedLength(prompt, all)));
  if (shared === 0) {
    throw new AbtieError(
      "config",
      'the labels change the prompt from its first token on; end the answer prefix with a word, for example "Answer:".',
    );
  }
  const sequences = encoded.map(({ label, text, all }) => ({ label, text, ids: all.slice(shared) }));
  refuseAmbiguous(sequences);
  return {
    classes,
    sequences,
    probes: planProbes(sequences.map(({ ids }) => ids)),
    dropTail: prompt.length - shared,
    tail: prompt.slice(Math.max(0, shared - LONGEST_TAIL), shared),
  };
}

/**
 * Resolves labels behind several prompts and checks that each label has the same ids behind each prompt. The tail of
 * the result is the one that all samples share; `promptToSend` checks it for every row. Throws AbtieError("config")
 * when the ids differ between samples.
 */
export async function resolveOnSamples(texts: LabelTexts, samples: readonly EncodeWith[]): Promise<ResolvedLabels> {
  const [first, ...others] = await Promise.all(samples.map((encodeWith) => resolveLabels(texts, encodeWith)));
  if (first === undefined) throw new Error("resolveOnSamples needs at least one sample");
  let tail = first.tail;
  for (const [i, other] of others.entries()) {
    for (const [k, sequence] of first.sequences.entries()) {
      const found = other.sequences[k]?.ids ?? [];
      if (!equal(sequence.ids, found) || first.dropTail !== other.dropTail) throw disagreement(sequence, found, i + 2);
    }
    tail = sharedEnd(tail, other.tail);
  }
  if (tail.length === 0) {
    throw new AbtieError(
      "config",
      'the token before the label differs from row to row; end the answer prefix with a word, for example "Answer:".',
    );
  }
  return { ...first, tail };
}

/**
 * Removes the tokens that merge with the labels from the encoded prompt of a row. Returns null when the prompt does not
 * end in the tokens behind which the labels were resolved, because the label ids may then be wrong.
 */
export function promptToSend(labels: ResolvedLabels, ids: readonly number[]): readonly number[] | null {
  const sent = labels.dropTail === 0 ? ids : ids.slice(0, -labels.dropTail);
  const start = sent.length - labels.tail.length;
  return start >= 0 && labels.tail.every((id, i) => sent[start + i] === id) ? sent : null;
}

function refuseEmpty(texts: LabelTexts): void {
  for (const label of classesOfLabels(texts)) {
    const written = texts[label] ?? [];
    if (written.length === 0) throw new AbtieError("config", `label ${label} has no text; give it at least one.`);
    if (written.includes(""))
      throw new AbtieError("config", `a text of label ${label} is empty; give it a word, for example "A".`);
  }
}

function refuseAmbiguous(sequences: readonly LabelSequence[]): void {
  const vanishing = sequences.find(({ ids }) => ids.length === 0);
  if (vanishing !== undefined) {
    throw new AbtieError(
      "config",
      `${name(vanishing)} vanishes: the tokenizer gives the prompt the same tokens with it and without; ${REMEDY}`,
    );
  }
  for (const [i, one] of sequences.entries()) {
    for (const other of sequences.slice(i + 1)) {
      const [short, long] = one.ids.length <= other.ids.length ? [one, other] : [other, one];
      if (!startsWith(long.ids, short.ids)) continue;
      throw new AbtieError(
        "config",
        short.ids.length === long.ids.length
          ? `${name(one)} and ${name(other)} become the same tokens (${one.ids.join(" ")}); ${REMEDY}`
          : `${name(short)} (tokens ${short.ids.join(" ")}) is the beginning of ${name(long)} (tokens ${long.ids.join(" ")}), so the probability of one would contain the other; ${REMEDY}`,
      );
    }
  }
}

const REMEDY = 'use texts that begin differently, for example "A", "B" and "tie", with or without a space before them.';

function name({ label, text }: LabelSequence): string {
  return `label ${label} ${JSON.stringify(text)}`;
}

function disagreement(sequence: LabelSequence, found: readonly number[], sample: number): AbtieError {
  return new AbtieError(
    "config",
    `${name(sequence)} is tokens ${sequence.ids.join(" ")} after sample prompt 1, and ${found.join(" ")} after sample prompt ${sample}; end the answer prefix with a word that is the same on every row, for example "Answer:".`,
  );
}

function sharedLength(one: readonly number[], other: readonly number[]): number {
  const end = one.findIndex((id, i) => id !== other[i]);
  return end < 0 ? one.length : end;
}

function sharedEnd(one: readonly number[], other: readonly number[]): readonly number[] {
  const length = sharedLength(one.toReversed(), other.toReversed());
  return length === 0 ? [] : one.slice(-length);
}

function equal(one: readonly number[], other: readonly number[]): boolean {
  return one.length === other.length && startsWith(one, other);
}
