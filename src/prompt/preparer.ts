import { AbtieError } from "../errors.ts";
import type { Order, Row } from "../types.ts";
import { composePrompt, describePrompt, encodePrompt, type Prompt } from "./compose.ts";
import { createDefences, type Defence, judgeOwnBody } from "./defences.ts";
import { createFrameCheck, harmless } from "./frame.ts";
import type { Overhead } from "./packing/allocate.ts";
import { CHARACTERS_PER_TOKEN, countCharacters, pack } from "./packing/pack.ts";
import type { Template } from "./template/template.ts";
import { type Conversation, pairTurns, type TurnTexts, viewConversation } from "./template/variables.ts";
import { remember } from "./tokenizer/remember.ts";
import type { ControlTokens, Tokenizer } from "./tokenizer/tokenizer.ts";

/** The prompt of a row in the form in which it is sent. */
export interface Prepared {
  readonly ids: readonly number[];
  /** Number of tokens of the prompt before shortening; estimated for very long rows. */
  readonly fullTokens: number;
  /** Number of tokens that shortening removed from the prompt; 0 when nothing was cut. */
  readonly cutTokens: number;
  /** Number of control tokens in the row's texts that were broken up. */
  readonly neutralised: number;
  /** Why the prompt must not be sent: its texts form control tokens in every form that was tried; null for a good one. */
  readonly refusal: string | null;
}

/**
 * Turns rows into prompts with one template, one tokenizer and one budget. The same row always gives the same prompt.
 */
export interface Preparer {
  /** Renders, shortens and encodes a row. Throws AbtieError("config") when the template alone exceeds the budget. */
  readonly prepare: (row: Row, order: Order) => Promise<Prepared>;
  /** Does the same, and gives the prompt as it was before it was encoded. */
  readonly prepareText: (row: Row, order: Order) => Promise<Prepared & { readonly prompt: Prompt }>;
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
  /** How a row that is too long is made to fit; default fair. "right" needs a template of the format text. */
  readonly cut?: "fair" | "right";
}

/** Creates a preparer. Its prompts depend only on the arguments, not on a clock or on files. */
export function createPreparer(options: PreparerOptions): Preparer {
  const { template, tokenizer, budget, cut = "fair" } = options;
  const compose = (conversation: Conversation, order: Order, suffix: string, defence: Defence | null): Defended => {
    const prompt = composePrompt(template, viewConversation(conversation, order, template.labels), suffix);
    return defendBody(prompt, defence);
  };
  const encode = async (conversation: Conversation, order: Order, defence: Defence | null): Promise<Encoded> => {
    const { prompt, count } = compose(conversation, order, "", defence);
    return { conversation, ids: await encodePrompt(tokenizer, prompt), brokenInBody: count };
  };
  const defencesOf = rememberDefences(template, (conversation) => compose(conversation, "ab", "", null).prompt);
  const keepsFrame = createFrameCheck(async (conversation, order) => (await encode(conversation, order, null)).ids);

  // The overhead is measured once, for the first row that must be shortened.
  const overheadOf = remember(measureOverhead);

  const packRow = async (row: Row, order: Order, defence: Defence): Promise<Fitted> => {
    const countTokensOf = async (conversation: Conversation, shown: Order): Promise<number> =>
      (await encode(conversation, shown, defence)).ids.length;
    const countPromptTokens = async (conversation: Conversation): Promise<number> =>
      Math.max(await countTokensOf(conversation, "ab"), await countTokensOf(conversation, "ba"));
    const { turns, count } = neutraliseTurns(pairTurns(row, template.nullTurn), defence.text);
    if (cut === "right") {
      const whole = await encode({ turns, dropped: 0 }, order, defence);
      return { ...whole, fullTokens: whole.ids.length, whole: true, neutralised: count + whole.brokenInBody, defence };
    }
    let fullTokens: number | null = null;
    if (countCharacters(turns) <= CHARACTERS_PER_TOKEN * budget) {
      const whole = await encode({ turns, dropped: 0 }, order, defence);
      const { length } = whole.ids;
      const certain = length + DIFFERENCE_PER_TURN * (turns.length + 1) <= budget;
      const fits = certain || (length <= budget && (await countTokensOf(whole.conversation, swap(order))) <= budget);
      if (fits) return { ...whole, fullTokens: length, whole: true, neutralised: count + whole.brokenInBody, defence };
      fullTokens = length;
    }
    const packed = await pack(turns, {
      budget,
      overhead: await overheadOf(countPromptTokens),
      countTokens: async (text) => (await tokenizer.encode(text, false)).length,
      countPromptTokens,
      neutralise: (text) => defence.text(text).text,
    });
    const encoded = await encode(packed.conversation, order, defence);
    if (encoded.ids.length > budget) throw tooSmall(template, budget, encoded.ids.length);
    const neutralised = count + encoded.brokenInBody;
    return { ...encoded, fullTokens: fullTokens ?? packed.estimate, whole: packed.whole, neutralised, defence };
  };

  /** Packs the row with the mildest defence under which its texts form no control token. */
  const packSafely = async (row: Row, order: Order): Promise<Fitted & { readonly refusal: string | null }> => {
    const turns = pairTurns(row, template.nullTurn);
    const texts = turns.flatMap(({ prompt, a, b }) => [prompt, a, b]);
    // A template can form a control token that no text holds, and a server knows only those that it was asked for.
    const filled =
      tokenizer.source === "server" ? [bodyOf(compose({ turns, dropped: 0 }, order, "", null).prompt)] : [];
    const control = await tokenizer.control([...texts, ...filled]);
    const [mildest, ...stronger] = defencesOf(control);
    let fitted = await packRow(row, order, mildest);
    for (const defence of stronger) {
      if (await keepsFrame(fitted, order, control.ids)) return { ...fitted, refusal: null };
      fitted = await packRow(row, order, defence);
    }
    const safe = await keepsFrame(fitted, order, control.ids);
    return { ...fitted, refusal: safe ? null : FORMS_CONTROL_TOKENS };
  };

  const isCutOff = (ids: readonly number[]): boolean => cut === "right" && ids.length > budget;
  const finish = ({ ids, fullTokens, whole, neutralised, refusal }: Fitted & { refusal: string | null }): Prepared => {
    // The end is cut off only here, because control tokens that it takes along are none that a text has formed.
    if (isCutOff(ids)) {
      return { ids: ids.slice(0, budget), fullTokens, cutTokens: fullTokens - budget, neutralised, refusal };
    }
    if (whole) return { ids, fullTokens: ids.length, cutTokens: 0, neutralised, refusal };
    return { ids, fullTokens, cutTokens: Math.max(1, fullTokens - ids.length), neutralised, refusal };
  };
  return {
    prepare: async (row, order) => finish(await packSafely(row, order)),
    prepareText: async (row, order) => {
      const fitted = await packSafely(row, order);
      return { ...finish(fitted), prompt: compose(fitted.conversation, order, "", fitted.defence).prompt };
    },
    encoderFor: async (row, order) => {
      const { conversation, defence } = await packSafely(row, order);
      return (suffix) => encodePrompt(tokenizer, compose(conversation, order, suffix, defence).prompt);
    },
    show: async (row, order) => {
      const { conversation, ids, defence } = await packSafely(row, order);
      if (isCutOff(ids)) return tokenizer.decode(ids.slice(0, budget));
      return describePrompt(compose(conversation, order, "", defence).prompt);
    },
  };
}

const FORMS_CONTROL_TOKENS =
  "the template joins or changes its texts so that they form control tokens of the model, in every form that was tried";

/** A prompt whose body was defended, and the number of control tokens that were broken up in the body. */
interface Defended {
  readonly prompt: Prompt;
  readonly count: number;
}

function defendBody(prompt: Prompt, defence: Defence | null): Defended {
  const body = prompt.format === "chat" ? prompt.messages.at(-1) : undefined;
  if (prompt.format === "raw" || body === undefined || defence === null || defence.body === null) {
    return { prompt, count: 0 };
  }
  const { text, count } = defence.body(body.content);
  if (text === body.content) return { prompt, count };
  const messages = [...prompt.messages.slice(0, -1), { role: body.role, content: text }];
  return { prompt: { format: "chat", messages, answerPrefix: prompt.answerPrefix }, count };
}

/** Makes the defences again only when the control tokens of the model have changed. */
function rememberDefences(
  template: Template,
  render: (conversation: Conversation) => Prompt,
): (control: ControlTokens) => Defences {
  let last: { readonly control: ControlTokens; readonly defences: Defences } | null = null;
  return (control) => {
    if (last?.control !== control) {
      const bodies = [1, 3].map((count) => bodyOf(render(harmless(count, 0))));
      const [mildest, ...stronger] = createDefences(control, judgeOwnBody(template, control, bodies));
      if (mildest === undefined) throw new Error("there is a mildest defence");
      last = { control, defences: [mildest, ...stronger] };
    }
    return last.defences;
  };
}

type Defences = readonly [Defence, ...Defence[]];

function bodyOf(prompt: Prompt): string {
  return prompt.format === "raw" ? prompt.text : (prompt.messages.at(-1)?.content ?? "");
}

interface Encoded {
  readonly conversation: Conversation;
  readonly ids: readonly number[];
  /** Number of control tokens that were broken up in the body of a chat. */
  readonly brokenInBody: number;
}

interface Fitted extends Encoded {
  readonly fullTokens: number;
  readonly whole: boolean;
  readonly neutralised: number;
  readonly defence: Defence;
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
