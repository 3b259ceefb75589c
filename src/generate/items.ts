import { createHash } from "node:crypto";
import { uniformInt } from "pure-rand/distribution/uniformInt";
import { seededGenerator } from "../numbers/random.ts";
import type { Message } from "../prompt/tokenizer/tokenizer.ts";
import type { AnswersConfig, GenerateConfig, PairsConfig, ScoredConfig } from "./schema.ts";

/** What is asked in a row of a file of prompts: a text, or the messages of a chat up to the answer. */
export type Asked = string | readonly Message[];

/** A row of a file of prompts. */
export interface AskedRow {
  readonly id: string;
  readonly asked: Asked;
}

/** One request for a text. */
export interface TextRequest {
  readonly prompt: Asked;
  readonly temperature: number;
  readonly model: string | null;
  /** Address of the server; null: the usual one. */
  readonly attach: string | null;
}

/** One thing to be generated, and the texts that are asked for. */
export interface Item {
  readonly number: number;
  /** The id of the row that asks for it; of a scored text, its number. */
  readonly id: string;
  readonly requests: readonly TextRequest[];
}

/** A text as the server wrote it; `cut` when it reached the most tokens. */
export interface WrittenText {
  readonly text: string;
  readonly cut: boolean;
}

/** A line of the output, or the reason why there is none. */
export type Made =
  | { readonly kind: "row"; readonly row: Readonly<Record<string, unknown>>; readonly key: string }
  | { readonly kind: "dropped"; readonly reason: string };

/** Lists what is asked for. `prompts` are those of the file; none for scored texts. The same seed gives the same list. */
export function itemsOf(config: GenerateConfig, prompts: readonly AskedRow[]): readonly Item[] {
  switch (config.kind) {
    case "pairs":
      return pairItems(config, prompts);
    case "scored":
      return scoredItems(config);
    case "answers":
      return answerItems(config, prompts);
    default:
      return config satisfies never;
  }
}

function answerItems({ temperature, model }: AnswersConfig, prompts: readonly AskedRow[]): readonly Item[] {
  return prompts.map(({ id, asked }, number) => ({
    number,
    id,
    requests: [{ prompt: asked, temperature, model: model ?? null, attach: null }],
  }));
}

function pairItems({ one, other }: PairsConfig, prompts: readonly AskedRow[]): readonly Item[] {
  return prompts.map(({ id, asked }, number) => ({
    number,
    id,
    requests: [one, other].map(({ temperature, model, attach }) => ({
      prompt: asked,
      temperature,
      model: model ?? null,
      attach: attach ?? null,
    })),
  }));
}

function scoredItems({ wanted, bands, temperature, model, seed }: ScoredConfig): readonly Item[] {
  const generator = seededGenerator(seed);
  return Array.from({ length: wanted }, (_, number) => {
    const band = bands[uniformInt(generator, 0, bands.length - 1)];
    if (band === undefined) throw new Error("there is at least one band");
    const request = { prompt: band.prompt, temperature, model: model ?? null, attach: null };
    return { number, id: String(number), requests: [request] };
  });
}

/** Turns what the server wrote for an item into a line of the output, or says why it is dropped. */
export function makeRow(config: GenerateConfig, item: Item, texts: readonly WrittenText[]): Made {
  const prompt = item.requests[0]?.prompt ?? "";
  const [first, second] = texts;
  if (first === undefined) throw new Error("an item has a text");
  if (texts.some(({ text }) => text.trim() === "")) return dropped("the answer is empty");
  // A person reads the answers, also one that was cut; rows for a training have none of these.
  if (config.kind === "answers") return answerRow(item.id, prompt, first);
  if (texts.some(({ cut }) => cut)) return dropped("the answer is cut off at max_tokens");
  if (config.kind === "scored") return scoredRow(config, item.id, prompt, first.text);
  if (second === undefined) throw new Error("a pair has two texts");
  return pairRow(item, first.text, second.text);
}

function answerRow(id: string, prompt: Asked, { text, cut }: WrittenText): Made {
  const asked = typeof prompt === "string" ? { prompt } : { messages: prompt };
  return { kind: "row", row: { id, ...asked, response: text, cut }, key: JSON.stringify([id]) };
}

/** Which answer stands first is drawn by a hash of prompt and number, so that the side says nothing about how it was sampled. */
function pairRow({ number, id, requests }: Item, one: string, other: string): Made {
  if (one.trim() === other.trim()) return dropped("both answers are the same");
  const prompt = requests[0]?.prompt ?? "";
  const names = requests.map(({ model, temperature }) => `${model ?? "model"} at ${temperature}`);
  const swapped = createHash("sha256").update(`${number}\0${prompt}`, "utf8").digest().readUInt8(0) % 2 === 1;
  const [a, b] = swapped ? [1, 0] : [0, 1];
  const answers = [one, other];
  const row = {
    id,
    prompt,
    response_a: answers[a],
    response_b: answers[b],
    model_a: names[a],
    model_b: names[b],
  };
  return { kind: "row", row, key: JSON.stringify([prompt, ...answers.toSorted()]) };
}

/** A text, then " - " and a whole number from 1 to 10, and nothing behind it. */
const SCORED = /^([\s\S]*\S)\s+-\s+(10|[1-9])\s*$/;

function scoredRow({ bands, good }: ScoredConfig, id: string, prompt: Asked, text: string): Made {
  const [, written, digits] = SCORED.exec(text) ?? [];
  if (written === undefined || digits === undefined) return dropped("no score from 1 to 10 stands at the end");
  const score = Number(digits);
  const band = bands.find((each) => each.prompt === prompt);
  if (band !== undefined && (score < band.from || score > band.to))
    return dropped("the score is not of the band that was asked for");
  const row = { id, text: written.trim(), score, label: score >= good ? 1 : 0 };
  return { kind: "row", row, key: written.trim() };
}

function dropped(reason: string): Made {
  return { kind: "dropped", reason };
}

/** What was generated: the lines without repetitions, in the order of their numbers, and what was dropped. */
export function collect(made: ReadonlyMap<number, Made>): {
  readonly rows: readonly Readonly<Record<string, unknown>>[];
  readonly dropped: Readonly<Record<string, number>>;
} {
  const seen = new Set<string>();
  const rows: Readonly<Record<string, unknown>>[] = [];
  const counts: Record<string, number> = {};
  const drop = (reason: string): void => {
    counts[reason] = (counts[reason] ?? 0) + 1;
  };
  for (const [, one] of [...made].toSorted(([first], [second]) => first - second)) {
    if (one.kind === "dropped") drop(one.reason);
    else if (seen.has(one.key)) drop("it repeats an earlier one");
    else {
      seen.add(one.key);
      rows.push(one.row);
    }
  }
  return { rows, dropped: counts };
}
