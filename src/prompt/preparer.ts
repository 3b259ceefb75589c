import { AbtieError } from "../errors.ts";
import type { Order, Row } from "../types.ts";
import { composePrompt, describePrompt, encodePrompt, type Prompt } from "./compose.ts";
import { createNeutraliser } from "./neutralise.ts";
import type { Overhead } from "./packing/allocate.ts";
import { CHARACTERS_PER_TOKEN, countCharacters, pack } from "./packing/pack.ts";
import type { Template } from "./template/template.ts";
import { type Conversation, pairTurns, type TurnTexts, viewConversation } from "./template/variables.ts";
import type { Tokenizer } from "./tokenizer/tokenizer.ts";

/** The prompt of a row in the form in which it is sent. */
export interface Prepared {
  readonly ids: readonly number[];
  /** Number of tokens of the prompt before shortening; estimated for very long rows. */
  readonly fullTokens: number;
  /** Number of tokens that shortening removed from the prompt; 0 when nothing was cut. */
  readonly cutTokens: number;
  /** Number of control tokens in the row's texts that were broken up. */
  readonly neutralised: number;
}

/**
 * Turns rows into prompts with one template, one tokenizer and one budget. The same row always gives the same prompt.
 */
export interface Preparer {
  /** Renders, shortens and encodes a row. Throws AbtieError("config") when the template alone exceeds the budget. */
  readonly prepare: (row: Row, order: Order) => Promise<Prepared>;
  /**
   * Returns a function that encodes the prompt of a row followed by a text. Labels are resolved to token ids with it.
   */
  readonly encoderFor: (row: Row, order: Order) => Promise<(suffix: string) => Promise<readonly number[]>>;
  /** Renders the prompt of a row as text for a person. */
  readonly show: (row: Row, order: Order) => Promise<string>;
}

export interface PreparerOptions {
  readonly template: Template;
  readonly tokenizer: Tokenizer;
  /** Largest number of tokens of a whole prompt. */
  readonly budget: number;
}

/** Creates a preparer. Its prompts depend only on the arguments, not on a clock or on files. */
export function createPreparer(options: PreparerOptions): Preparer {
  const { template, tokenizer, budget } = options;
  const neutralise = createNeutraliser(tokenizer.controlTokens, tokenizer.normalise);

  const compose = (conversation: Conversation, order: Order, suffix: string): Prompt =>
    composePrompt(template, viewConversation(conversation, order, template.labels), suffix);
  const encode = (conversation: Conversation, order: Order): Promise<readonly number[]> =>
    encodePrompt(tokenizer, compose(conversation, order, ""));
  const countPromptTokens = async (conversation: Conversation): Promise<number> =>
    Math.max((await encode(conversation, "ab")).length, (await encode(conversation, "ba")).length);

  // The overhead is measured once, for the first row that must be shortened.
  let overhead: Promise<Overhead> | null = null;

  const packRow = async (row: Row, order: Order): Promise<Fitted> => {
    const { turns, count } = neutraliseTurns(pairTurns(row), neutralise);
    const whole: Conversation = { turns, dropped: 0 };
    let fullTokens: number | null = null;
    if (countCharacters(turns) <= CHARACTERS_PER_TOKEN * budget) {
      const ids = await encode(whole, order);
      const certain = ids.length + DIFFERENCE_PER_TURN * (turns.length + 1) <= budget;
      const fits = certain || (ids.length <= budget && (await encode(whole, swap(order))).length <= budget);
      if (fits) return { conversation: whole, ids, fullTokens: ids.length, whole: true, neutralised: count };
      fullTokens = ids.length;
    }
    overhead ??= measureOverhead(countPromptTokens).catch((error: unknown) => {
      overhead = null;
      throw error;
    });
    const packed = await pack(turns, {
      budget,
      overhead: await overhead,
      countTokens: async (text) => (await tokenizer.encode(text, false)).length,
      countPromptTokens,
      neutralise: (text) => neutralise(text).text,
    });
    const ids = await encode(packed.conversation, order);
    if (ids.length > budget) throw tooSmall(template, budget, ids.length);
    return { ...packed, ids, fullTokens: fullTokens ?? packed.estimate, neutralised: count };
  };

  return {
    prepare: async (row, order) => {
      const { ids, fullTokens, whole, neutralised } = await packRow(row, order);
      if (whole) return { ids, fullTokens: ids.length, cutTokens: 0, neutralised };
      return { ids, fullTokens, cutTokens: Math.max(1, fullTokens - ids.length), neutralised };
    },
    encoderFor: async (row, order) => {
      const { conversation } = await packRow(row, order);
      return (suffix) => encodePrompt(tokenizer, compose(conversation, order, suffix));
    },
    show: async (row, order) => describePrompt(compose((await packRow(row, order)).conversation, order, "")),
  };
}

interface Fitted {
  readonly conversation: Conversation;
  readonly ids: readonly number[];
  readonly fullTokens: number;
  readonly whole: boolean;
  readonly neutralised: number;
}

// Number of tokens per turn by which the two orders may differ, because swapping the answers changes the token
// boundaries at their ends. If a prompt is further than this below the budget, it fits in both orders, and the other
// order need not be encoded.
const DIFFERENCE_PER_TURN = 4;

function swap(order: Order): Order {
  return order === "ab" ? "ba" : "ab";
}

function neutraliseTurns(
  turns: readonly TurnTexts[],
  neutralise: (text: string) => { readonly text: string; readonly count: number },
): { readonly turns: readonly TurnTexts[]; readonly count: number } {
  let count = 0;
  const clean = (text: string): string => {
    const neutral = neutralise(text);
    count += neutral.count;
    return neutral.text;
  };
  const cleaned = turns.map((turn) => ({
    number: turn.number,
    prompt: clean(turn.prompt),
    a: clean(turn.a),
    b: clean(turn.b),
  }));
  return { turns: cleaned, count };
}

async function measureOverhead(countPromptTokens: (conversation: Conversation) => Promise<number>): Promise<Overhead> {
  const turn = (number: number): TurnTexts => ({ number, prompt: "", a: "", b: "" });
  const base = await countPromptTokens({ turns: [turn(1)], dropped: 0 });
  const two = await countPromptTokens({ turns: [turn(1), turn(2)], dropped: 0 });
  const marked = await countPromptTokens({ turns: [turn(1)], dropped: 9 });
  return { base, perTurn: Math.max(0, two - base), marker: Math.max(0, marked - base) };
}

function tooSmall(template: Template, budget: number, needed: number): AbtieError {
  return new AbtieError(
    "config",
    `the template ${template.path} needs ${needed} tokens without any data, and the budget is ${budget}; raise the context or shorten the template.`,
  );
}
