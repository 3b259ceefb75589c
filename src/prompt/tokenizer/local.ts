import { join } from "node:path";
import { AbtieError, messageOf } from "../../errors.ts";
import { type ChatTemplate, compileChatTemplate } from "./chat-template.ts";
import { type AddedToken, findControlTokens } from "./control-tokens.ts";
import { createEncoder, type EncodeText } from "./encoder.ts";
import { createLibrary, type Library } from "./library.ts";
import type { RuleFields } from "./merge.ts";
import { type ModelFiles, readModelFiles } from "./model-files.ts";
import { packModel, type SharedModel, unpackFiles } from "./shared-model.ts";
import type { ChatSettings, ControlTokens, Tokenizer, TurnMarker } from "./tokenizer.ts";
import { findTurnMarkers, TURNS_PROBE } from "./turn-markers.ts";

/** A tokenizer that also shows how the same model's prompts look on another day. */
export interface LocalTokenizer extends Tokenizer {
  /** True when the chat template prints the date. */
  readonly dated: boolean;
  readonly with: (changed: Partial<ChatSettings>) => LocalTokenizer;
  /** Renders a chat with its answer, as ChatTemplate does. Throws AbtieError("config") also for a model without a chat template. */
  readonly renderAnswered: ChatTemplate["renderAnswered"];
  /** The text of a token behind other text, for servers that list tokens by their text; undefined when it has none. */
  readonly textOf: (id: number) => string | undefined;
}

/**
 * Loads a model's tokenizer from its folder: tokenizer.json, tokenizer_config.json, and the chat template from
 * chat_template.jinja or tokenizer_config.json. Gives the same ids as Python's `tokenizers`, and therefore as the
 * server. `share` packs the model for other threads. Throws AbtieError("config") when a file is missing, damaged or of a kind that the
 * library cannot use.
 */
export async function loadTokenizer(
  modelDir: string,
  settings: ChatSettings,
  { share = false }: { readonly share?: boolean } = {},
): Promise<LocalTokenizer> {
  return collected(async () => {
    const files = await readModelFiles(modelDir);
    const model = openModel(modelDir, files);
    const shared = share && model.rules !== null ? packModel(files, model.rules) : null;
    return createTokenizer(modelDir, files, { ...model, shared }, settings);
  });
}

/** Makes the tokenizer of a model that another thread has loaded. */
export async function restoreTokenizer(
  modelDir: string,
  shared: SharedModel,
  settings: ChatSettings,
): Promise<LocalTokenizer> {
  return collected(async () => {
    const files = unpackFiles(shared);
    return createTokenizer(modelDir, files, { ...openModel(modelDir, files, shared.rules), shared }, settings);
  });
}

async function collected<T>(make: () => Promise<T>): Promise<T> {
  const tokenizer = await make();
  // The files of a big vocabulary are 100 MB of objects, and nothing would collect them until as many new ones were made. The second
  // collection gives the pages back that the first one emptied.
  globalThis.gc?.();
  globalThis.gc?.();
  return tokenizer;
}

function createTokenizer(
  modelDir: string,
  files: ModelFiles,
  { library, encode, before, shared }: Model & { readonly shared: SharedModel | null },
  settings: ChatSettings,
): LocalTokenizer {
  const found = findControlTokens(files.tokenizer.added_tokens, files.chatTemplate);
  const { chatTemplate, chatTemplatePath, specials } = files;
  const compiled =
    chatTemplate === null ? null : compileChatTemplate({ path: chatTemplatePath, source: chatTemplate, specials });

  const normalise = findNormaliser(library, files.tokenizer.added_tokens, found.texts);

  const create = (chosen: ChatSettings): LocalTokenizer => {
    const template: ChatTemplate | null = compiled?.(chosen) ?? null;
    const dated = template?.dated === true;
    const control: ControlTokens = { ...found, markers: markersOf(template, found.texts), normalise };
    return {
      encode: async (text, specials) => {
        if (!specials) return encode(text);
        if (before === null) return library.encode(text, { add_special_tokens: true }).ids;
        return encode(text, before);
      },
      encodeChat: async (messages, answerPrefix) => {
        if (template === null) throw missingChatTemplate(modelDir);
        return encode(template.render(messages) + answerPrefix);
      },
      renderAnswered: (messages) => {
        if (template === null) throw missingChatTemplate(modelDir);
        return template.renderAnswered(messages);
      },
      decode: async (ids) => library.decode(ids, { skip_special_tokens: false, clean_up_tokenization_spaces: false }),
      control: async () => control,
      source: "local",
      folder: modelDir,
      shared,
      settingsKey: JSON.stringify([chosen.kwargs, dated ? chosen.date : null, chosen.fold === true]),
      datedHead: () => null,
      dated,
      settings: chosen,
      with: (changed) => create({ ...chosen, ...changed }),
      textOf: (id) => textBehind(library, encode, id),
    };
  };
  return create(settings);
}

/** What turns the texts of a model into ids. */
interface Model {
  readonly library: Library;
  readonly encode: EncodeText;
  /** The special tokens that the model puts before a text; null when it changes the ids of the text in another way. */
  readonly before: readonly number[] | null;
  /** The merge rules; null for a model whose texts the library encodes. */
  readonly rules: RuleFields | null;
}

function openModel(
  modelDir: string,
  { tokenizer, config }: Pick<ModelFiles, "tokenizer" | "config">,
  given: RuleFields | null = null,
): Model {
  try {
    const fast = createEncoder(tokenizer, config, given);
    const before = fast === null ? null : findSpecials(fast.library);
    if (fast !== null && before !== null) return { ...fast, before };
    const library = createLibrary(tokenizer, config);
    const encode: EncodeText = (text, before = []) => [
      ...before,
      ...library.encode(text, { add_special_tokens: false }).ids,
    ];
    return { library, encode, before: findSpecials(library), rules: null };
  } catch (error) {
    throw new AbtieError(
      "config",
      `${join(modelDir, "tokenizer.json")} is of a kind that cannot be used here (${messageOf(error)}); let the server tokenise instead: leave the tokenizer folder out of the config.`,
      { cause: error },
    );
  }
}

/**
 * Finds the special tokens that the model puts before a text; null when it changes the ids of the text in another way.
 */
function findSpecials(library: Library): readonly number[] | null {
  const [plain, full] = [false, true].map((specials) => library.encode("a", { add_special_tokens: specials }).ids);
  const [first] = plain ?? [];
  if (plain === undefined || full === undefined || first === undefined) return null;
  const start = full.indexOf(first);
  const middle = full.slice(start, start + plain.length);
  if (start < 0 || middle.join(" ") !== plain.join(" ")) return null;
  return full.slice(0, start);
}

/**
 * Decodes one token behind a fixed one, because many tokenizers leave out the space at the beginning of a text. A part of
 * a character has no text.
 */
function textBehind(library: Library, encode: EncodeText, id: number): string | undefined {
  const [before] = encode("a");
  if (before === undefined) return undefined;
  const decode = (ids: readonly number[]): string => library.decode(ids, { skip_special_tokens: false });
  const [alone, both] = [decode([before]), decode([before, id])];
  const text = both.startsWith(alone) ? both.slice(alone.length) : "";
  return text === "" || text.includes("\u{FFFD}") ? undefined : text;
}

function markersOf(template: ChatTemplate | null, controlTexts: readonly string[]): readonly TurnMarker[] {
  if (template === null) return [];
  try {
    return findTurnMarkers(template.render(TURNS_PROBE), controlTexts);
  } catch {
    // A template may refuse conversations of two turns. The prompts of a job have one.
    return [];
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
