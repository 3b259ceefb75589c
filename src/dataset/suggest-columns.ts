import { quoteForShell } from "../format.ts";
import { type Columns, DEFAULT_COLUMNS } from "../types.ts";
import { findNearest } from "./columns.ts";
import { ID_NAMES, PROMPT_NAMES, simplify } from "./known-columns.ts";

/** The flag that names the column with the ids. */
export function idFlag(column: string): string {
  return `--set ${quoteForShell(`columns.id=${column}`)}`;
}

/** Says how a person names the columns that are missing, with those that are probably meant. */
export function namingRemedy(names: readonly string[], problems: readonly string[], columns: Columns): string {
  const { prompt, answers, id } = suggestColumns(names);
  const wanted = [
    { key: "id", name: columns.id, likely: usualName(names, ID_NAMES) ?? id },
    { key: "prompt", name: columns.prompt, likely: usualName(names, PROMPT_NAMES) ?? prompt },
    { key: "response_a", name: columns.responseA, likely: answers?.[0] },
    { key: "response_b", name: columns.responseB, likely: answers?.[1] },
  ];
  const unused = names.filter((name) => !wanted.some((column) => column.name === name));
  const missing = wanted
    .filter(({ name }) => problems.some((problem) => problem.startsWith(`the column "${name}" is missing`)))
    .map(({ key, name, likely }) => ({ key, found: likely ?? findNearest(name, unused) }));
  const others = textNames(unused).filter((name) => !isLikelyId(name) && !missing.some(({ found }) => found === name));
  const open = missing.filter(({ key, found }) => key !== "id" && found === null);
  // Three columns where no text is known are most likely these in the usual order: the prompt, A, B. Beside a known text, a single other
  // column may as well say where the row comes from.
  const rest = open.length === TEXTS && others.length === TEXTS ? others : [];
  const flags = missing
    .map(({ key, found }) => `columns.${key}=${found ?? rest[open.findIndex((each) => each.key === key)] ?? "NAME"}`)
    .map((setting) => `--set ${quoteForShell(setting)}`);
  const isFound = names.includes(columns.id) || usualName(names, ID_NAMES) !== null;
  const ofId = flags.length > 0 && id !== null && columns.id === DEFAULT_COLUMNS.id && !isFound ? [idFlag(id)] : [];
  const shown = flags.length === 0 ? "" : `: ${[...ofId, ...flags].join(" ")}`;
  return `Rename the column in the file, or name it with --set or under "columns" in the config${shown}.`;
}

/** The texts of a row: the prompt, A and B. */
const TEXTS = 3;

function usualName(names: readonly string[], usual: readonly string[]): string | null {
  return names.find((name) => usual.includes(simplify(name))) ?? null;
}

/** The columns with texts that a header probably means; null where nothing is likely. */
interface SuggestedColumns {
  readonly prompt: string | null;
  readonly answers: readonly [a: string, b: string] | null;
  readonly id: string | null;
}

/**
 * Suggests the columns of a header that probably hold the prompt and the answers: two names that differ in one word alone, such as
 * left and right, and a name with a word such as question. It is only a suggestion, because such names may mean anything.
 */
function suggestColumns(names: readonly string[]): SuggestedColumns {
  const [answers] = pairsOfSides(names);
  const [prompt] = promptNames(names, answers ?? []);
  const id = names.find((name) => isLikelyId(name));
  return { prompt: prompt ?? null, answers: answers ?? null, id: id ?? null };
}

/**
 * Finds the columns of the answers by names such as answer_left and answer_right, which say nothing but that they are answers, and
 * of which side; null when there are none, or several pairs.
 */
export function likelyAnswers(names: readonly string[]): readonly [a: string, b: string] | null {
  const [pair, ...others] = pairsOfSides(names).filter(([name]) => saysOnly(name, OF_ANSWER));
  return pair === undefined || others.length > 0 ? null : pair;
}

/** Finds the column of the prompt by a name such as user_question; null when no column has one, or several. */
export function likelyPrompt(names: readonly string[], answers: readonly string[]): string | null {
  const [name, ...others] = promptNames(names, answers).filter((found) => saysOnly(found, OF_QUESTION));
  return name === undefined || others.length > 0 ? null : name;
}

/** Decides whether a name has one of these words, and besides only a side or a word that says nothing of the content. */
function saysOnly(name: string, wanted: ReadonlySet<string>): boolean {
  const words = wordsOf(name);
  const isSide = (word: string): boolean => SIDES.some((sides) => sides.includes(word));
  return (
    words.some((word) => wanted.has(word)) &&
    words.every((word) => wanted.has(word) || OF_ANY_TEXT.has(word) || (wanted === OF_ANSWER && isSide(word)))
  );
}

/** Decides whether a name ends in a word of ids, such as nr or key, and says of no measure: number_of_turns and model_id name no rows. */
export function isLikelyId(name: string): boolean {
  return OF_ID.has(wordsOf(name).at(-1) ?? "") && !isMeasure(name);
}

/** Decides whether a name has a word of columns that hold no text and no id, such as score. */
export function isMeasure(name: string): boolean {
  return wordsOf(name).some((word) => NO_TEXT.has(word) && !OF_ID.has(word));
}

/** Lists the pairs of names that differ in one word alone, and there are the two sides. */
function pairsOfSides(names: readonly string[]): readonly (readonly [string, string])[] {
  const texts = textNames(names);
  return texts.flatMap((name) => {
    const other = texts.find((candidate) => areSides(wordsOf(name), wordsOf(candidate)));
    return other === undefined ? [] : [[name, other] as const];
  });
}

function promptNames(names: readonly string[], answers: readonly string[]): readonly string[] {
  return textNames(names).filter(
    (name) => !answers.includes(name) && wordsOf(name).some((word) => OF_PROMPT.has(word)),
  );
}

function textNames(names: readonly string[]): readonly string[] {
  return names.filter((name) => !wordsOf(name).some((word) => NO_TEXT.has(word) || OF_KIND.has(word)));
}

/** "leftText" and "left_text" have the words left and text; a digit is a word. */
function wordsOf(name: string): readonly string[] {
  return name
    .replaceAll(/(\p{Ll})(\p{Lu})/gu, "$1 $2")
    .replaceAll(/(\d+)/g, " $1 ")
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word !== "");
}

const SIDES: readonly (readonly [string, string])[] = [
  ["a", "b"],
  ["0", "1"],
  ["1", "2"],
  ["left", "right"],
  ["first", "second"],
  ["one", "two"],
];

/** Decides whether two names differ in one word alone, and there are the two sides, in this order. */
function areSides(words: readonly string[], others: readonly string[]): boolean {
  const differ = words.flatMap((word, at) => (word === others[at] ? [] : [[word, others[at]]]));
  const [[one, other] = []] = differ;
  return words.length === others.length && differ.length === 1 && SIDES.some(([a, b]) => a === one && b === other);
}

/** Words in the names of columns that have no text to judge. */
const NO_TEXT: ReadonlySet<string> = new Set(
  "model score rating winner label vote votes token tokens rank length len id author reward prob probability time language".split(
    " ",
  ),
);

/** Words in the names of columns that say of what kind a row is, or where it comes from. */
const OF_KIND: ReadonlySet<string> = new Set("source category topic subset domain type split tag tags".split(" "));

/** Words that say that a column holds an answer. */
const OF_ANSWER: ReadonlySet<string> = new Set(
  "answer response output completion reply conversation generation candidate text".split(" "),
);

/** Words that say that a column holds what was asked. */
const OF_QUESTION: ReadonlySet<string> = new Set(
  "prompt question query instruction instructions request message msg".split(" "),
);

/** Words in the names of texts that do not say of what. */
const OF_ANY_TEXT: ReadonlySet<string> = new Set("text user assistant full raw original the".split(" "));

const OF_ID: ReadonlySet<string> = new Set("id ids nr no number key uid uuid index".split(" "));

const OF_PROMPT: ReadonlySet<string> = new Set(
  "prompt prompts question query instruction request user input context message messages task conversation history".split(
    " ",
  ),
);
