/** A token that was added to a vocabulary, as tokenizer.json lists it. */
export interface AddedToken {
  readonly id: number;
  readonly content: string;
  readonly special: boolean;
  readonly normalized: boolean;
  /** True when the token takes the white space before or behind it. */
  readonly lstrip?: unknown;
  readonly rstrip?: unknown;
  /** True when the token is found only between characters that are no letters. */
  readonly single_word?: unknown;
}

/** The control tokens of a tokenizer's files. */
export interface FoundControlTokens {
  readonly texts: readonly string[];
  /** Ids of those texts that are added tokens. */
  readonly ids: ReadonlySet<number>;
}

/**
 * Lists what a model reads as control tokens: special added tokens, added tokens of the form `<|...|>` or well known, and
 * those texts in its chat template that are added tokens or well known. (The well-known `[INST]` of Llama 2 is plain text to its
 * tokenizer.)
 */
export function findControlTokens(added: readonly AddedToken[], chatTemplate: string | null): FoundControlTokens {
  const written = chatTemplate ?? "";
  const own = added.filter(
    ({ content, special }) =>
      content.trim() !== "" &&
      (special ||
        /^<[|｜].*[|｜]>$/u.test(content) ||
        WELL_KNOWN_CONTROL_TOKENS.includes(content) ||
        (hasPunctuation(content) && written.includes(content))),
  );
  const known = WELL_KNOWN_CONTROL_TOKENS.filter((text) => written.includes(text));
  return {
    texts: [...new Set([...own.map(({ content }) => content), ...known])],
    ids: new Set(own.filter(({ content }) => !isUnknownToken(content)).map(({ id }) => id)),
  };
}

/** Decides whether a token stands for text that the vocabulary lacks. Honest texts give its id, so it is not counted. */
export function isUnknownToken(text: string): boolean {
  return /^[<[(|]*unk(nown)?[>\])|]*$/iu.test(text);
}

// Many chat templates contain an added token that is a plain word or a line break. Such a token controls nothing.
function hasPunctuation(text: string): boolean {
  return /[^\p{L}\p{N}\s]/u.test(text);
}

/**
 * Control tokens of common model families. A server is asked which of them it has, because its files cannot be read.
 */
export const WELL_KNOWN_CONTROL_TOKENS: readonly string[] = [
  "<|im_start|>",
  "<|im_end|>",
  "<|im_sep|>",
  "<|endoftext|>",
  "<|begin_of_text|>",
  "<|end_of_text|>",
  "<|start_header_id|>",
  "<|end_header_id|>",
  "<|eot_id|>",
  "<|eom_id|>",
  "<|python_tag|>",
  "<|header_start|>",
  "<|header_end|>",
  "<|eot|>",
  "<|start|>",
  "<|end|>",
  "<|message|>",
  "<|channel|>",
  "<|return|>",
  "<|system|>",
  "<|user|>",
  "<|assistant|>",
  "<|observation|>",
  "<|startoftext|>",
  "<|START_OF_TURN_TOKEN|>",
  "<|END_OF_TURN_TOKEN|>",
  "<|SYSTEM_TOKEN|>",
  "<|USER_TOKEN|>",
  "<|CHATBOT_TOKEN|>",
  "<｜begin▁of▁sentence｜>",
  "<｜end▁of▁sentence｜>",
  "<｜User｜>",
  "<｜Assistant｜>",
  "<s>",
  "</s>",
  "<unk>",
  "<pad>",
  "<bos>",
  "<eos>",
  "<start_of_turn>",
  "<end_of_turn>",
  "<BOS_TOKEN>",
  "<EOS_TOKEN>",
  "[INST]",
  "[/INST]",
  "[SYSTEM_PROMPT]",
  "[/SYSTEM_PROMPT]",
  "<think>",
  "</think>",
  "<tool_call>",
  "</tool_call>",
  "<tool_response>",
  "</tool_response>",
  "<start_of_image>",
  "<end_of_image>",
  "<mask>",
  "[gMASK]",
  "<sop>",
  "<<SYS>>",
  "<</SYS>>",
];
