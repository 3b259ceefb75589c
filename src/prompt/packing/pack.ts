import { sum } from "../../numbers/sums.ts";
import type { Conversation, TurnTexts } from "../template/variables.ts";
import { type Allocation, allocate, type Overhead } from "./allocate.ts";
import { type CountTokens, measurePiece, type Piece, shorten } from "./shorten.ts";

/** The properties of a template and a tokenizer that the packing of a prompt needs. */
export interface PackOptions {
  /** Largest number of tokens of a prompt, in either order of the answers. */
  readonly budget: number;
  readonly overhead: Overhead;
  /** Counts the tokens of a single text, without a template around it. */
  readonly countTokens: CountTokens;
  /** Counts the tokens of the whole prompt in both orders and returns the larger number. */
  readonly countPromptTokens: (conversation: Conversation) => Promise<number>;
  /** Neutralises a text again after it was cut, because the cut may have formed a control token. */
  readonly neutralise: (text: string) => string;
}

/** A conversation with a prompt that fits the budget. */
export interface Packed {
  readonly conversation: Conversation;
  /** True when no part of the conversation was left out. */
  readonly whole: boolean;
  /** Estimated number of tokens of the prompt before anything was left out. */
  readonly estimate: number;
}

/**
 * Number of characters of a text that are tokenised for each token of the budget. An English token has 4 or 5
 * characters.
 */
export const CHARACTERS_PER_TOKEN = 12;

/**
 * Shortens a conversation until its prompt fits the budget in both orders. Treats both answers alike: packing a swapped
 * conversation gives the swapped result. If even the shortened texts do not fit, all texts of the last turn become
 * empty.
 */
export async function pack(turns: readonly TurnTexts[], options: PackOptions): Promise<Packed> {
  const { budget, overhead, countPromptTokens } = options;
  const pieces = await measureLatest(turns, options);
  const tokens = pieces.map(({ prompt, a, b }) => ({ prompt: prompt.tokens, a: a.tokens, b: b.tokens }));
  const estimate = overhead.base + estimateTokens(turns, tokens);

  let room = budget - overhead.base;
  for (let attempt = 0; room > 0; attempt++) {
    const allocation = allocate(tokens, turns.length, room, overhead);
    const conversation = await apply(allocation, turns, pieces, options);
    const excess = (await countPromptTokens(conversation)) - budget;
    const whole = allocation.kept === turns.length && allocation.caps === null;
    if (excess <= 0) return { conversation, whole, estimate };
    // The reduction of `room` grows with the attempts, so that texts with an uneven number of characters per token
    // cannot make this loop long.
    room -= excess * 2 ** Math.max(0, attempt - 4);
  }
  return { conversation: await emptyConversation(turns, options), whole: false, estimate };
}

type TurnPieces = Readonly<Record<"prompt" | "a" | "b", Piece>>;

// Begins with the last turn and ends with the first turn with which the budget is exceeded, because no earlier turn can
// fit.
async function measureLatest(turns: readonly TurnTexts[], options: PackOptions): Promise<readonly TurnPieces[]> {
  const { budget, countTokens } = options;
  const pieces: TurnPieces[] = [];
  let tokens = 0;
  for (const turn of turns.toReversed()) {
    const measured = (text: string): Promise<Piece> =>
      measurePiece(text, CHARACTERS_PER_TOKEN * budget, budget, countTokens);
    const piece = { prompt: await measured(turn.prompt), a: await measured(turn.a), b: await measured(turn.b) };
    pieces.push(piece);
    tokens += piece.prompt.tokens + piece.a.tokens + piece.b.tokens;
    if (tokens > budget) break;
  }
  return pieces;
}

function estimateTokens(
  turns: readonly TurnTexts[],
  latestFirst: readonly Readonly<Record<"prompt" | "a" | "b", number>>[],
): number {
  const measured = sum(latestFirst.map((turn) => turn.prompt + turn.a + turn.b));
  const rest = turns.slice(0, turns.length - latestFirst.length);
  const perCharacter = measured / Math.max(1, countCharacters(turns.slice(rest.length)));
  return measured + Math.ceil(countCharacters(rest) * perCharacter);
}

/** Counts the characters of all texts of some turns. */
export function countCharacters(turns: readonly TurnTexts[]): number {
  return sum(turns.map((turn) => turn.prompt.length + turn.a.length + turn.b.length));
}

async function apply(
  { kept, caps }: Allocation,
  turns: readonly TurnTexts[],
  latestFirst: readonly TurnPieces[],
  { countTokens, neutralise }: PackOptions,
): Promise<Conversation> {
  const dropped = turns.length - kept;
  const stay = turns.slice(dropped);
  const [first, ...others] = stay;
  const pieces = latestFirst[kept - 1];
  if (caps === null || first === undefined || pieces === undefined) return { turns: stay, dropped };
  const cap = async (key: "prompt" | "a" | "b"): Promise<string> => {
    const text = await shorten(pieces[key], caps[key], countTokens);
    return text === pieces[key].text ? text : neutralise(text);
  };
  const shortened = { number: first.number, prompt: await cap("prompt"), a: await cap("a"), b: await cap("b") };
  return { turns: [shortened, ...others], dropped };
}

async function emptyConversation(turns: readonly TurnTexts[], options: PackOptions): Promise<Conversation> {
  const last = { number: turns.length, prompt: "", a: "", b: "" };
  const marked = { turns: [last], dropped: turns.length - 1 };
  return (await options.countPromptTokens(marked)) <= options.budget ? marked : { turns: [last], dropped: 0 };
}
