import { createAddedTokenSplitter } from "./added-tokens.ts";
import { createLibrary, type Library } from "./library.ts";
import { createMerge, type MergeRule, type RuleFields, writeRules } from "./merge.ts";
import type { TokenizerJson } from "./model-files.ts";
import { byteSymbols, characterSymbols, inByteCharacters, type ToSymbols } from "./symbols.ts";
import { createWordSplitter, onlyWritesSpaces, splitsAtSpaces } from "./words.ts";

/** Encodes a single text, without special tokens around it. The ids follow those of `before`. */
export type EncodeText = (text: string, before?: readonly number[]) => readonly number[];

/** An encoder, and the library's tokenizer without the merge rules: it decodes, and shows which special tokens stand around a text. */
export interface Encoder {
  readonly encode: EncodeText;
  readonly library: Library;
  readonly rules: RuleFields;
}

/**
 * Makes an encoder for a byte-pair model from the contents of tokenizer.json and tokenizer_config.json. It gives the ids of the
 * library several times faster, because it encodes each piece of text once and remembers its ids. The library normalises, and splits
 * the texts of all models but those of plain words. `given` are the merge rules when another thread has read them already. Null for
 * other models. Throws the library's errors.
 */
export function createEncoder(
  tokenizer: TokenizerJson,
  config: object,
  given: RuleFields | null = null,
): Encoder | null {
  const { added_tokens, model } = tokenizer;
  const shape = readShape(tokenizer);
  if (shape === null) return null;
  // The merge rules take most of the library's memory. It keeps what it was made of, and has the vocabulary in another form by then.
  const kept: Record<string, unknown> = { ...model, merges: [] };
  const library = createLibrary({ ...tokenizer, model: kept }, config);
  kept["vocab"] = {};
  const vocabulary = library.model.tokens_to_ids;
  const idOf = (token: string): number | undefined => vocabulary.get(token);
  const toSymbols = (shape.bytes ? byteSymbols : characterSymbols)(idOf);
  if (toSymbols === null) return null;
  const rules = given ?? writeRules(shape.rules, idOf);
  const encodeOne = encodePiece(shape, createMerge(rules), toSymbols, idOf);

  const { normalizer } = library;
  // The library searches these tokens before it normalises when there is no normaliser.
  const isLate = ({ normalized }: { readonly normalized: boolean }): boolean => normalized && normalizer !== null;
  const early = createAddedTokenSplitter(added_tokens.filter((token) => !isLate(token)));
  const late = added_tokens.filter(isLate);
  const isPlain = normalizer !== null && late.length === 0 && hasPlainWords(tokenizer, shape);
  const encodeSection = isPlain
    ? byWords(createWordSplitter(vocabulary.keys(), " "), (word) => encodeOne(normalizer(word)))
    : byPieces({ normalizer, late, pieces: createPieces(tokenizer, shape, vocabulary.keys()), encodeOne });
  const encode: EncodeText = (text, before = []) => {
    const ids = before.slice();
    for (const [index, { id, text: section }] of early(text).entries()) {
      if (id === null) encodeSection(section, index, ids);
      else ids.push(id);
    }
    return ids;
  };
  return { encode, library, rules };
}

/** Encodes a piece of a text, of which no token goes beyond the ends. */
type EncodePiece = (piece: string) => readonly number[];

/** Adds the ids of a text that holds no early added token to a list. */
type EncodeSection = (text: string, index: number, ids: number[]) => void;

/** Splits the text into words, and normalises those alone that are not remembered. */
function byWords(words: (text: string) => readonly string[], encodeWord: EncodePiece): EncodeSection {
  const idsOf = rememberPieces(encodeWord);
  return (text, _, ids) => {
    for (const word of words(text)) for (const id of idsOf(word)) ids.push(id);
  };
}

/** Normalises the text, takes the late added tokens out, and splits the rest as the model does. */
function byPieces({
  normalizer,
  late,
  pieces,
  encodeOne,
}: {
  readonly normalizer: Library["normalizer"];
  readonly late: TokenizerJson["added_tokens"];
  readonly pieces: (text: string, index: number) => readonly string[];
  readonly encodeOne: EncodePiece;
}): EncodeSection {
  const idsOf = rememberPieces(encodeOne);
  const split = createAddedTokenSplitter(
    late.map((token) => ({ ...token, content: normalizer?.(token.content) ?? token.content })),
  );
  return (text, index, ids) => {
    for (const { id, text: part } of split(normalizer?.(text) ?? text)) {
      if (id !== null) ids.push(id);
      else for (const piece of pieces(part, index)) for (const found of idsOf(piece)) ids.push(found);
    }
  };
}

/** Decides whether a model of characters has words and no other pieces, so that its texts may be split before they are normalised. */
function hasPlainWords({ normalizer }: TokenizerJson, { bytes, wholeTokens, steps }: Shape): boolean {
  return !bytes && !wholeTokens && onlyWritesSpaces(normalizer) && steps.every(splitsAtSpaces);
}

/** What a byte-pair model of tokenizer.json does. */
interface Shape {
  readonly rules: readonly MergeRule[];
  /** True when the symbols are bytes, false when they are characters. */
  readonly bytes: boolean;
  /** The steps that split a text, without the one that writes bytes as characters. */
  readonly steps: readonly Step[];
  /** True when a piece that is a token is not merged from its symbols. */
  readonly wholeTokens: boolean;
}

/** Reads the shape of a model; null for a model with a step that the encoder does not know. */
function readShape({ model, pre_tokenizer, added_tokens }: TokenizerJson): Shape | null {
  const { type, merges, dropout, byte_fallback, ignore_merges } = model;
  const known =
    type === "BPE" &&
    Array.isArray(merges) &&
    !dropout &&
    !model["continuing_subword_prefix"] &&
    !model["end_of_word_suffix"] &&
    !added_tokens.some(({ single_word }) => single_word === true);
  const steps = readSteps(pre_tokenizer);
  if (!known || steps === null) return null;
  const shape = { rules: merges as readonly MergeRule[], wholeTokens: ignore_merges === true };
  const last = steps.at(-1);
  if (last?.type !== "ByteLevel") return byte_fallback === true ? { ...shape, bytes: false, steps } : null;
  if (last.add_prefix_space === true) return null;
  const before = steps.slice(0, -1);
  return { ...shape, bytes: true, steps: last.use_regex === false ? before : [...before, GPT2_SPLIT] };
}

interface Step {
  readonly type?: unknown;
  readonly behavior?: unknown;
  readonly invert?: unknown;
  readonly pretokenizers?: unknown;
  readonly add_prefix_space?: unknown;
  readonly use_regex?: unknown;
}

/** Lists the steps that split a text; null when bytes are written as characters before the last step. */
function readSteps(preTokenizer: unknown): readonly Step[] | null {
  const steps = stepsIn(preTokenizer);
  return steps.slice(0, -1).some(({ type }) => type === "ByteLevel") ? null : steps;
}

function stepsIn(preTokenizer: unknown): readonly Step[] {
  if (typeof preTokenizer !== "object" || preTokenizer === null) return [];
  const step: Step = preTokenizer;
  return Array.isArray(step.pretokenizers) ? step.pretokenizers.flatMap(stepsIn) : [step];
}

/** How a step "ByteLevel" splits that has no other pattern. */
const GPT2_SPLIT = {
  type: "Split",
  pattern: { Regex: "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+" },
  behavior: "Isolated",
  invert: false,
};

/** Makes the function that splits a normalised text into pieces of which no token is in two. */
function createPieces(
  tokenizer: TokenizerJson,
  { steps, bytes, wholeTokens }: Shape,
  tokens: Iterable<string>,
): (text: string, sectionIndex: number) => readonly string[] {
  // A library of its own splits, because the model's own one would write bytes as characters.
  const model = { ...tokenizer.model, vocab: {}, merges: [] };
  const rest = { added_tokens: [], post_processor: null, decoder: null };
  const pre_tokenizer = steps.length > 1 ? { type: "Sequence", pretokenizers: steps } : (steps[0] ?? null);
  const split = createLibrary({ ...tokenizer, ...rest, model, pre_tokenizer }, {}).pre_tokenizer;
  const fast = splitByPattern(steps, split?.pattern);
  const parts = (text: string, section_index: number): readonly string[] =>
    fast?.(text) ?? (split === null ? [text] : split(text, { section_index }));
  if (bytes || wholeTokens) return parts;
  const words = createWordSplitter(tokens, "▁");
  return (text, sectionIndex) => parts(text, sectionIndex).flatMap(words);
}

/**
 * Makes the function that splits a text as a single step "Split" does that keeps every match as a piece: four times faster than the
 * library, which makes an object for each match. It gives null for a text that the matches do not fill, and is null for other steps.
 */
function splitByPattern(steps: readonly Step[], pattern: unknown): ((text: string) => readonly string[] | null) | null {
  const [step, ...others] = steps;
  const isolated = step?.type === "Split" && step.behavior === "Isolated" && step.invert !== true;
  if (!isolated || others.length > 0 || !(pattern instanceof RegExp) || !pattern.global) return null;
  return (text) => {
    const pieces = text.match(pattern) ?? [];
    let length = 0;
    for (const piece of pieces) {
      if (piece === "") return null;
      length += piece.length;
    }
    return length === text.length ? pieces : null;
  };
}

function encodePiece(
  { bytes, wholeTokens }: Shape,
  merge: (symbols: readonly number[]) => readonly number[],
  toSymbols: ToSymbols,
  idOf: (token: string) => number | undefined,
): EncodePiece {
  return (piece) => {
    const whole = wholeTokens ? idOf(bytes ? inByteCharacters(piece) : piece) : undefined;
    return whole === undefined ? merge(toSymbols(piece)) : [whole];
  };
}

/** Number of characters of the longest piece that is remembered. Longer ones rarely come again. */
const LONGEST_PIECE = 48;
/** Number of pieces, about 5 MB, after which those are forgotten that were not asked for since as many new ones came. */
const MOST_PIECES = 25_000;

function rememberPieces(encode: EncodePiece): EncodePiece {
  let recent = new Map<string, readonly number[]>();
  let older: ReadonlyMap<string, readonly number[]> = new Map();
  const keep = (piece: string, ids: readonly number[]): readonly number[] => {
    if (recent.size >= MOST_PIECES) {
      older = recent;
      recent = new Map();
    }
    recent.set(piece, ids);
    return ids;
  };
  return (piece) => {
    const found = recent.get(piece);
    if (found !== undefined) return found;
    if (piece.length > LONGEST_PIECE) return encode(piece);
    const known = older.get(piece);
    return keep(copy(piece), known ?? encode(piece));
  };
}

/** Number of characters from which V8 makes a slice that keeps the whole text in memory (SlicedString::kMinLength). */
const SHORTEST_SLICE = 13;

function copy(piece: string): string {
  return piece.length < SHORTEST_SLICE ? piece : Buffer.from(piece, "utf16le").toString("utf16le");
}
