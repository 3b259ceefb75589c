import { AbtieError } from "../errors.ts";
import type { ControlTokens, Message } from "../prompt/tokenizer/tokenizer.ts";

/** A chat as token ids. */
export interface ChatExample {
  readonly ids: readonly number[];
  /** Index of the first id of the answer: this and all that follow are learned. */
  readonly answer: number;
  /** Ids that were cut off the end of the answer. */
  readonly cut: number;
}

/** What turns a chat into ids. */
export interface ChatEncoder {
  /** Renders the text up to the answer, and the whole text, with the model's chat template. */
  readonly render: (messages: readonly Message[]) => { readonly prompt: string; readonly whole: string };
  /** Encodes a text without adding special tokens: the chat template writes them. */
  readonly encode: (text: string) => Promise<readonly number[]>;
  readonly control: Pick<ControlTokens, "texts" | "ids">;
  /** The end-of-sequence token; null when the model has none. */
  readonly eos: number | null;
  /** Most ids of an example; null: no limit. */
  readonly most: number | null;
}

/**
 * Turns a chat into an example whose last message is learned, with the token that ends its turn: without it the model would not learn
 * to stop. What a template writes behind that token, for example a line end, is left out, because nobody generates it. An answer that
 * is too long loses its end. Gives the reason instead when the chat cannot be learned.
 */
export async function encodeChatExample(
  messages: readonly Message[],
  { render, encode, control, eos, most }: ChatEncoder,
): Promise<ChatExample | string> {
  const answer = messages.at(-1);
  if (answer?.role !== "assistant" || !messages.some(({ role }) => role === "user"))
    return "its last message is no answer to a user";
  if (answer.content.trim() === "") return "its answer is empty";
  for (const { content } of messages) {
    if (control.texts.some((text) => content.includes(text))) return FORMS_CONTROL;
    if ((await encode(content)).some((id) => control.ids.has(id))) return FORMS_CONTROL;
  }
  const rendered = renderOrRefuse(render, messages);
  if (rendered === null) return "the chat template refuses its messages";
  const { prompt, whole } = rendered;
  if (!whole.startsWith(prompt)) return "the chat template does not go on with the answer where a prompt ends";
  const [before, found] = [await encode(prompt), await encode(endOfTurn(whole, control.texts))];
  if (before.some((id, at) => found[at] !== id)) return "the first token of its answer reaches into the prompt";
  const last = found.at(-1);
  const ids = eos === null || (last !== undefined && control.ids.has(last)) ? found : [...found, eos];
  const room = most ?? ids.length;
  if (before.length >= room) return "its prompt leaves no room for the answer";
  return { ids: ids.slice(0, room), answer: before.length, cut: Math.max(0, ids.length - room) };
}

const FORMS_CONTROL = "its texts form control tokens";

function renderOrRefuse(
  render: ChatEncoder["render"],
  messages: readonly Message[],
): ReturnType<ChatEncoder["render"]> | null {
  try {
    return render(messages);
  } catch (error) {
    if (error instanceof AbtieError) return null;
    throw error;
  }
}

/** Removes the white space behind the token that ends the last turn. */
function endOfTurn(whole: string, controlTexts: readonly string[]): string {
  const trimmed = whole.trimEnd();
  return controlTexts.some((text) => trimmed.endsWith(text)) ? trimmed : whole;
}
