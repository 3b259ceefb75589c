import { quoteForShell } from "../format.ts";
import { DEFAULT_COLUMNS } from "../types.ts";
import { findNearest } from "./columns.ts";
import { ID_NAMES, simplify } from "./known-columns.ts";

/** Says how a person names the columns of texts that are missing, with those that are probably meant. */
export function namingRemedy(names: readonly string[], problems: readonly string[]): string {
  const { prompt, answers, id } = suggestColumns(names);
  const unused = names.filter((name) => name !== DEFAULT_COLUMNS.responseA && name !== DEFAULT_COLUMNS.responseB);
  const wanted = [
    { key: "prompt", name: DEFAULT_COLUMNS.prompt, likely: prompt },
    { key: "response_a", name: DEFAULT_COLUMNS.responseA, likely: answers?.[0] },
    { key: "response_b", name: DEFAULT_COLUMNS.responseB, likely: answers?.[1] },
  ];
  const flags = wanted
    .filter(({ name }) => problems.some((problem) => problem.startsWith(`the column "${name}" is missing`)))
    .map(({ key, name, likely }) => `columns.${key}=${likely ?? findNearest(name, unused) ?? "NAME"}`)
    .map((setting) => `--set ${quoteForShell(setting)}`);
  const idFlag =
    flags.length > 0 && id !== null && !isUsualId(names) ? [`--set ${quoteForShell(`columns.id=${id}`)}`] : [];
  const shown = flags.length === 0 ? "" : `: ${[...idFlag, ...flags].join(" ")}`;
  return `Rename the column in the file, or name it with --set or under "columns" in the config${shown}.`;
}

/** Says that no column has the ids, and which one may have them. */
export function withoutIds(names: readonly string[]): string {
  const { id } = suggestColumns(names);
  const hint = id === null ? "" : `; if ${JSON.stringify(id)} has them, add --set ${quoteForShell(`columns.id=${id}`)}`;
  return `no column with ids: the id of a row is its number, counted from 0${hint}`;
}

function isUsualId(names: readonly string[]): boolean {
  return names.some((name) => (ID_NAMES as readonly string[]).includes(simplify(name)));
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
  const texts = names
    .map((name) => ({ name, words: wordsOf(name) }))
    .filter(({ words }) => !words.some((word) => NO_TEXT.has(word)));
  const answers = texts.flatMap(({ name, words }): readonly (readonly [string, string])[] => {
    const other = texts.find((candidate) => areSides(words, candidate.words));
    return other === undefined ? [] : [[name, other.name]];
  })[0];
  const prompt = texts.find(
    ({ name, words }) => answers?.includes(name) !== true && words.some((word) => OF_PROMPT.has(word)),
  );
  const id = names.find((name) => !name.startsWith("model") && wordsOf(name).some((word) => OF_ID.has(word)));
  return { prompt: prompt?.name ?? null, answers: answers ?? null, id: id ?? null };
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

const OF_ID: ReadonlySet<string> = new Set("id ids nr no number key uid uuid index".split(" "));

const OF_PROMPT: ReadonlySet<string> = new Set(
  "prompt prompts question query instruction request user input context message messages task conversation history".split(
    " ",
  ),
);
