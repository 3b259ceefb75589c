/** One message of a chat, as chat templates and OpenAI-compatible servers know it. */
export interface Message {
  readonly role: "system" | "user" | "assistant";
  readonly content: string;
}

/** Turns text into the token ids of one model, either here or by asking its server. */
export interface Tokenizer {
  /** Encodes a text. `specials` adds what the model puts around a text, for example a beginning-of-sequence token. */
  readonly encode: (text: string, specials: boolean) => Promise<readonly number[]>;
  /** Encodes a chat whose answer has begun with `answerPrefix`. The chat template brings all special tokens itself. */
  readonly encodeChat: (messages: readonly Message[], answerPrefix: string) => Promise<readonly number[]>;
  /** Texts that the model reads as control tokens. They must not reach `encode` from data: see neutralise.ts. */
  readonly controlTokens: readonly string[];
  /** The text that control tokens are searched in, where the model normalises before it searches; else null. */
  readonly normalise: ((text: string) => string) | null;
  readonly source: "local" | "server";
}
