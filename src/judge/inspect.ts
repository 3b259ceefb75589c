import { otherDay } from "../prompt/tokenizer/strftime.ts";
import type { Tokenizer } from "../prompt/tokenizer/tokenizer.ts";
import type { Inspection, ShownToken } from "./judge.ts";

const SHOWN_CHARACTERS = 120;
const SHOWN_TOKENS = 8;
/** Number of last tokens that are decoded: enough for the shown characters, since a token rarely has less than two. */
const DECODED_TOKENS = 64;

/** Describes the end of a prompt as it is sent. Throws what `prepare`, `labels` and the tokenizer throw. */
export async function inspectPrompt(options: {
  readonly tokenizer: Tokenizer;
  /** Whether the prompt goes through the model's chat template, whose variables and date can change it. */
  readonly isChat: boolean;
  /** Makes the ids of the same prompt with a tokenizer of other settings. */
  readonly prepare: (other: Tokenizer) => Promise<readonly number[]>;
  /** Takes away the ids at the end that are not sent. */
  readonly toSend: (ids: readonly number[]) => readonly number[];
  readonly labels: () => Promise<Inspection["labels"]>;
}): Promise<Inspection> {
  const { tokenizer, isChat, prepare, toSend, labels } = options;
  const whole = await prepare(tokenizer);
  const ids = toSend(whole);
  const changes = async (other: Tokenizer): Promise<boolean> => (await prepare(other)).join() !== whole.join();
  const { kwargs, date } = tokenizer.settings;
  const variables: Inspection["variables"][number][] = [];
  for (const [name, value] of Object.entries(isChat ? kwargs : {})) {
    const { [name]: _, ...others } = kwargs;
    variables.push({ name, value, changesPrompt: await changes(tokenizer.with({ kwargs: others })) });
  }
  return {
    end: lastCharacters(await tokenizer.decode(ids.slice(-DECODED_TOKENS))),
    lastTokens: await showTokens(tokenizer, ids.slice(0, -SHOWN_TOKENS), ids.slice(-SHOWN_TOKENS)),
    labels: await labels(),
    variables,
    date: isChat && (await changes(tokenizer.with({ date: otherDay(date) }))) ? date : null,
  };
}

/**
 * Gives each token the text that it adds behind the tokens before it, because some tokenizers drop the space of a token that
 * is decoded alone.
 */
export async function showTokens(
  tokenizer: Tokenizer,
  before: readonly number[],
  ids: readonly number[],
): Promise<readonly ShownToken[]> {
  const context = before.slice(-SHOWN_TOKENS);
  const texts = await Promise.all(
    [...ids.keys(), ids.length].map((count) => tokenizer.decode([...context, ...ids.slice(0, count)])),
  );
  return Promise.all(
    ids.map(async (id, at) => {
      const [shorter = "", longer = ""] = [texts[at], texts[at + 1]];
      // A token that completes a character changes the text before it.
      return { id, text: longer.startsWith(shorter) ? longer.slice(shorter.length) : await tokenizer.decode([id]) };
    }),
  );
}

function lastCharacters(text: string): string {
  return [...text].slice(-SHOWN_CHARACTERS).join("");
}
