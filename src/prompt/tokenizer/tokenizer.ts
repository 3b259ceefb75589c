import type { SharedModel } from "./shared-model.ts";

/** One message of a chat, in the form of chat templates and OpenAI-compatible servers. */
export interface Message {
  readonly role: "system" | "user" | "assistant";
  readonly content: string;
}

/** What a chat template gets beside the messages. Local and server tokenizer use the same settings. */
export interface ChatSettings {
  /** Variables of the chat template, for example {enable_thinking: false}. */
  readonly kwargs: Readonly<Record<string, unknown>>;
  /** The day (YYYY-MM-DD) that a chat template prints when it asks for the date. */
  readonly date: string;
  /** True to put a system text into the user's message, although the chat template can show a system message. */
  readonly fold?: boolean;
}

/** What a model reads as control, and not as text. The texts of a row must not form it: see defences.ts. */
export interface ControlTokens {
  /** The texts of control tokens, also of those that are plain text to the tokenizer, for example "[INST]" of Llama 2. */
  readonly texts: readonly string[];
  /** The ids of control tokens. The id for unknown text is none of them, because honest texts have it too. */
  readonly ids: ReadonlySet<number>;
  /** The plain words with which the chat template marks turns; none when it marks them with control tokens. */
  readonly markers: readonly TurnMarker[];
  /**
   * Rewrites a text as the model does before it searches for control tokens; null when the model searches the unchanged
   * text.
   */
  readonly normalise: ((text: string) => string) | null;
}

/** Plain words with which a chat template begins a turn. */
export interface TurnMarker {
  readonly text: string;
  /** True when the template writes it behind a space too, not only at the start of a line. */
  readonly inline: boolean;
}

/** Turns text into the token ids of one model, with the model's files or by asking its server. */
export interface Tokenizer {
  /**
   * Encodes a text. `specials` adds the tokens that the model puts before a text, for example a beginning-of-sequence
   * token. A token that the model puts behind a text is left out, because the answer follows there.
   */
  readonly encode: (text: string, specials: boolean) => Promise<readonly number[]>;
  /**
   * Encodes a chat whose answer begins with `answerPrefix`: the chat template's text up to the end of the generation
   * prompt, what closes a think block or opens the final channel (see closing.ts), and the answer prefix, encoded as
   * one text. The chat template adds all special tokens.
   */
  readonly encodeChat: (messages: readonly Message[], answerPrefix: string) => Promise<readonly number[]>;
  /** Turns ids into text, control tokens included. */
  readonly decode: (ids: readonly number[]) => Promise<string>;
  /**
   * Tells what the model reads as control. A server's tokens are found by trying, so `texts`, in which they could occur,
   * are searched for candidates.
   */
  readonly control: (texts: readonly string[]) => Promise<ControlTokens>;
  readonly source: "local" | "server";
  /** The folder of the model's files; null when the server tokenises. */
  readonly folder: string | null;
  /** What other threads need for the same tokenizer; null when it was not packed for them: then they read the folder. */
  readonly shared: SharedModel | null;
  readonly settings: ChatSettings;
  /** The same tokenizer with some other settings. */
  readonly with: (changed: Partial<ChatSettings>) => Tokenizer;
  /** Changes whenever a setting changes the ids of a chat. The date counts only if the chat template prints it. */
  readonly settingsKey: string;
  /**
   * Number of first ids of a chat that are the same in all rows and print a date that only the server sets: if they
   * differ between two rows, the date has changed between them. Null when the prompts depend on no such date, or before
   * the first chat.
   */
  readonly datedHead: () => number | null;
}
