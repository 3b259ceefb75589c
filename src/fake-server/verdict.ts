import { normalQuantile } from "../numbers/normal.ts";
import { hashOf, uniformOf } from "./distribution.ts";

/** Made-up probabilities of A, B and tie. */
export type MadeUpVerdict = readonly [number, number, number];

/** How a verdict is made up. */
export interface VerdictOptions {
  /** Share of the preference that comes from the texts, 0 to 1; the rest is noise. */
  readonly quality: number;
  readonly seed: number;
}

/** Nats between A and B for a text with e times as many different words, and for a standard deviation of noise. */
const WORDS_NATS = 5;
const NOISE_NATS = 2;
/** No preference is stronger, in nats. */
const MOST_NATS = 1.6;
/** Nats that A has more than B: judges prefer a position, and the study of the swapped order should find that. */
const POSITION_NATS = 0.4;
/** Nats of a tie: too rarely said, as by many models, so that a calibration has something to mend. */
const TIE_NATS = -1.2;

/**
 * Makes up a verdict from the text of a prompt: it prefers the answer with more different words, and the text and the seed add noise.
 * The preference means nothing; it only agrees with people more often than chance. A prompt in which no two answers are
 * found gets noise alone.
 */
export function makeUpVerdict(prompt: string, { quality, seed }: VerdictOptions): MadeUpVerdict {
  const answers = findAnswers(prompt);
  const words = answers === null ? 0 : Math.log((1 + countWords(answers.a)) / (1 + countWords(answers.b)));
  const hash = hashOf(Buffer.from(prompt), seed);
  const noise = normalQuantile((1 + 1_000 * uniformOf(hash, 1)) / 1_002);
  const nats = quality * WORDS_NATS * words + (1 - quality) * NOISE_NATS * noise;
  const preference = MOST_NATS * Math.tanh(nats / MOST_NATS);
  const logits = [preference + POSITION_NATS, -preference, TIE_NATS];
  const [a = 0, b = 0, tie = 0] = logits.map(Math.exp);
  const sum = a + b + tie;
  return [a / sum, b / sum, tie / sum];
}

/** The two answers of a prompt; of a conversation all answers of a side. */
export interface Answers {
  readonly a: string;
  readonly b: string;
}

/** A line that begins an answer: "[Response A]", "### Response B", "Assistant A:", "A: text". */
const HEAD =
  /^[\s[(#*=-]*(?:(?:the\s+)?(?:response|answer|assistant|reply|output|candidate)[\s_]+)?([AB])(?:[\])#*=-]+:?|:)[\s*]*(.*)$|^#+ (?:response|answer|assistant) ([AB])\s*$/i;
/** A line that ends an answer, as the shipped templates write it. */
const END = /^\s*(?:\[end of|\[(?:prompt|question)\b|#{2,} (?:prompt|question)\b|={3,} |user:|<\|)/i;

/** Finds the answers below the headings that templates write. Returns null if a heading is missing. */
export function findAnswers(prompt: string): Answers | null {
  const found: { A: string[] | null; B: string[] | null } = { A: null, B: null };
  let side: "A" | "B" | null = null;
  for (const line of prompt.split("\n")) {
    const [, before, rest = "", heading] = HEAD.exec(line) ?? [];
    const name = before ?? heading;
    if (name !== undefined) {
      side = name.toUpperCase() === "A" ? "A" : "B";
      found[side] = [...(found[side] ?? []), rest];
    } else if (END.test(line)) {
      side = null;
    } else if (side !== null) {
      found[side]?.push(line);
    }
  }
  return found.A === null || found.B === null ? null : { a: found.A.join("\n"), b: found.B.join("\n") };
}

function countWords(text: string): number {
  return new Set(text.toLowerCase().match(/[\p{L}\p{N}\p{M}_]+/gu)).size;
}
