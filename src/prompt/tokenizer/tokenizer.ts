/** One message of a chat, in the form of chat templates and OpenAI-compatible servers. */
export interface Message {
  readonly role: "system" | "user" | "assistant";
  readonly content: string;
}

/** Turns text into the token ids of one model, with the model's files or by asking its server. */
export interface Tokenizer {
  /**
   * Encodes a text. `specials` adds the tokens that the model puts around a text, for example a beginning-of-sequence
   * token.
   */
  readonly encode: (text: string, specials: boolean) => Promise<readonly number[]>;
  /** Encodes a chat whose answer begins with `answerPrefix`. The chat template adds all special tokens. */
  readonly encodeChat: (messages: readonly Message[], answerPrefix: string) => Promise<readonly number[]>;
  /** Texts that the model reads as control tokens. The texts of a row must not contain them: see neutralise.ts. */
  readonly controlTokens: readonly string[];
  /**
   * Rewrites a text as the model does before it searches for control tokens; null when the model searches the unchanged
   * text.
   */
  readonly normalise: ((text: string) => string) | null;
  readonly source: "local" | "server";
}
