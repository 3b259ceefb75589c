import { Tokenizer } from "@huggingface/tokenizers";

// TypeScript cannot resolve the library's declarations under "nodenext", so the members that abtie uses are declared here.
/** A tokenizer of the library. */
export interface Library {
  readonly encode: (text: string, options: { add_special_tokens: boolean }) => { readonly ids: number[] };
  readonly decode: (
    ids: readonly number[],
    options: { readonly skip_special_tokens: boolean; readonly clean_up_tokenization_spaces?: boolean },
  ) => string;
  readonly normalizer: ((text: string) => string) | null;
  /** Splits a text; `section_index` counts the parts of the whole text that added tokens separate, from 0. */
  readonly pre_tokenizer: PreTokenizer | null;
  readonly model: { readonly tokens_to_ids: ReadonlyMap<string, number> };
}

type PreTokenizer = ((text: string, options: { readonly section_index: number }) => readonly string[]) & {
  /** The pattern of a step "Split", as the library wrote it for JavaScript. */
  readonly pattern?: unknown;
};

/** Makes a tokenizer from the contents of tokenizer.json and tokenizer_config.json. Throws the library's errors. */
export function createLibrary(tokenizer: object, config: object): Library {
  return new Tokenizer(tokenizer, config) as unknown as Library;
}
