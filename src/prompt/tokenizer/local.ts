import { join } from "node:path";
import { Tokenizer as LibraryTokenizer } from "@huggingface/tokenizers";
import { AbtieError, messageOf } from "../../errors.ts";
import { compileChatTemplate } from "./chat-template.ts";
import { type AddedToken, findControlTokens } from "./control-tokens.ts";
import { readModelFiles, type TokenizerJson } from "./model-files.ts";
import type { Message, Tokenizer } from "./tokenizer.ts";
import { cacheWords, splitsAtWords } from "./word-cache.ts";

/**
 * Loads a model's tokenizer from its folder: tokenizer.json, tokenizer_config.json, and the chat template from
 * chat_template.jinja or tokenizer_config.json. Gives the same ids as Python's `tokenizers`, and therefore as the
 * server. Throws AbtieError("config") when a file is missing, damaged or of a kind that the library cannot use.
 */
export async function loadTokenizer(modelDir: string): Promise<Tokenizer> {
  const files = await readModelFiles(modelDir);
  const library = createLibraryTokenizer(modelDir, files.tokenizer, files.config);
  const controlTokens = findControlTokens(files.tokenizer.added_tokens, files.chatTemplate);
  const renderChat = compileChat(files.chatTemplatePath, files.chatTemplate, files.specials);

  const direct = (text: string): readonly number[] => library.encode(text, { add_special_tokens: false }).ids;
  const encode = splitsAtWords(files.tokenizer, direct) ? cacheWords(direct) : direct;
  const around = findSpecials(library);

  return {
    encode: async (text, specials) => {
      if (!specials) return encode(text);
      if (around === null) return library.encode(text, { add_special_tokens: true }).ids;
      return [...around.before, ...encode(text), ...around.after];
    },
    encodeChat: async (messages, answerPrefix) => {
      if (renderChat === null) throw missingChatTemplate(modelDir);
      return encode(renderChat(messages) + answerPrefix);
    },
    controlTokens,
    normalise: findNormaliser(library, files.tokenizer.added_tokens, controlTokens),
    source: "local",
  };
}

// TypeScript cannot resolve the library's declarations under "nodenext", so the functions that abtie uses are declared
// here.
interface Library {
  readonly encode: (text: string, options: { add_special_tokens: boolean }) => { readonly ids: number[] };
  readonly normalizer: ((text: string) => string) | null;
}

function createLibraryTokenizer(modelDir: string, tokenizer: TokenizerJson, config: object): Library {
  try {
    return new LibraryTokenizer(tokenizer, config) as unknown as Library;
  } catch (error) {
    throw new AbtieError(
      "config",
      `${join(modelDir, "tokenizer.json")} is of a kind that cannot be used here (${messageOf(error)}); let the server tokenise instead: leave the tokenizer folder out of the config.`,
      { cause: error },
    );
  }
}

interface Specials {
  readonly before: readonly number[];
  readonly after: readonly number[];
}

/**
 * Finds the special tokens that the model puts around a text; null when it changes the ids of the text in another way.
 */
function findSpecials(library: Library): Specials | null {
  const [plain, full] = [false, true].map((specials) => library.encode("a", { add_special_tokens: specials }).ids);
  const [first] = plain ?? [];
  if (plain === undefined || full === undefined || first === undefined) return null;
  const start = full.indexOf(first);
  const middle = full.slice(start, start + plain.length);
  if (start < 0 || middle.join(" ") !== plain.join(" ")) return null;
  return { before: full.slice(0, start), after: full.slice(start + plain.length) };
}

function compileChat(
  path: string,
  source: string | null,
  specials: Readonly<Record<string, string>>,
): ((messages: readonly Message[]) => string) | null {
  if (source === null) return null;
  try {
    return compileChatTemplate(source, specials);
  } catch (error) {
    throw new AbtieError(
      "config",
      `the chat template in ${path} cannot be read as Jinja (${messageOf(error)}); correct it, or use a prompt template with "format: raw".`,
      { cause: error },
    );
  }
}

function missingChatTemplate(modelDir: string): AbtieError {
  return new AbtieError(
    "config",
    `the prompt template has "format: chat", but ${modelDir} has no chat template (neither chat_template.jinja nor "chat_template" in tokenizer_config.json); add the model's chat template, or use a prompt template with "format: raw".`,
  );
}

function findNormaliser(
  library: Library,
  added: readonly AddedToken[],
  controlTokens: readonly string[],
): ((text: string) => string) | null {
  const { normalizer } = library;
  if (normalizer === null) return null;
  const searchedLater = added.some((token) => token.normalized && controlTokens.includes(token.content));
  return searchedLater ? (text) => normalizer(text) : null;
}
