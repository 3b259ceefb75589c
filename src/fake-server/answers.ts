import { type FakeModel, uniformOf } from "./distribution.ts";
import type { FakeTokenizer } from "./tokens.ts";
import { type MadeUpVerdict, makeUpVerdict, type VerdictOptions } from "./verdict.ts";

/** The words with which the model answers, for A, B and tie; the first of each gets most of the probability. */
const WORDS: readonly (readonly string[])[] = [
  [" A", "A", " first", "first", " 1", "1"],
  [" B", "B", " second", "second", " 2", "2"],
  [" tie", "tie", " equal", "equal", " same", "3", " C", "C"],
];
const FIRST_SHARE = 0.8;
/** Log odds of an answer against all other tokens, and how far a prompt may change them. */
const ANSWER_LOGIT = 1.4;
const ANSWER_LOGIT_RANGE = 1.2;
/** Mean of exp(u) for u uniform in [0, 4): the weight of a usual token. */
const USUAL_WEIGHT = (Math.exp(4) - 1) / 4;

/** A text with which the model may answer, its tokens, and its share in the probability of its class. */
interface AnswerText {
  readonly class: 0 | 1 | 2;
  readonly ids: readonly number[];
  readonly share: number;
}

/**
 * Makes the logits of a model that answers with a made-up verdict: after a prompt the first tokens of the answers, and after the
 * beginning of an answer its next token. Everything else is what a language model might write, and shares the rest.
 */
export function verdictLogits(tokenizer: FakeTokenizer, options: VerdictOptions): FakeModel["logits"] {
  const answers = WORDS.flatMap((words, index) =>
    words.map((word, place) => ({
      class: index as 0 | 1 | 2,
      ids: tokenizer.tokenize({ prompt: word, add_special_tokens: false }),
      share: place === 0 ? FIRST_SHARE : (1 - FIRST_SHARE) / (words.length - 1),
    })),
  );
  const level = ANSWER_LOGIT + Math.log(tokenizer.vocab * USUAL_WEIGHT);
  return (prompt, hash) => {
    const begun = longestBeginning(prompt, answers, tokenizer);
    const text = tokenizer.detokenize(prompt.slice(0, prompt.length - begun.length));
    const next = nextTokens(answers, begun, makeUpVerdict(text.trimEnd(), options));
    const own = level + ANSWER_LOGIT_RANGE * (uniformOf(hash, 3) - 0.5);
    return new Map([...next].map(([id, probability]) => [id, own + Math.log(probability)]));
  };
}

/** The tokens at the end of a prompt that begin an answer without completing it. A space alone begins none: many prompts end with one. */
function longestBeginning(
  prompt: readonly number[],
  answers: readonly AnswerText[],
  tokenizer: FakeTokenizer,
): readonly number[] {
  const most = Math.max(...answers.map(({ ids }) => ids.length - 1));
  for (let length = Math.min(most, prompt.length); length > 0; length -= 1) {
    const end = prompt.slice(-length);
    const begins = answers.some(({ ids }) => ids.length > length && startsWith(ids, end));
    if (begins && tokenizer.detokenize(end).trim() !== "") return end;
  }
  return [];
}

function nextTokens(
  answers: readonly AnswerText[],
  begun: readonly number[],
  verdict: MadeUpVerdict,
): ReadonlyMap<number, number> {
  const sums = new Map<number, number>();
  let total = 0;
  for (const { class: index, ids, share } of answers) {
    const id = ids[begun.length];
    if (id === undefined || !startsWith(ids, begun)) continue;
    const probability = verdict[index] * share;
    sums.set(id, (sums.get(id) ?? 0) + probability);
    total += probability;
  }
  return new Map([...sums].map(([id, sum]) => [id, sum / total]));
}

function startsWith(ids: readonly number[], begin: readonly number[]): boolean {
  return begin.every((id, place) => ids[place] === id);
}
