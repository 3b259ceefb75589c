import { type Columns, DEFAULT_COLUMNS } from "../types.ts";
import { type AnswerPair, createSearch, type LayoutOptions, type Search } from "./column-search.ts";
import { headerError, INCLUSION_COLUMN } from "./columns.ts";
import { answerNames, findLabels, namesWeights } from "./find-labels.ts";
import { ID_NAMES, type LabelCodes, MT_BENCH, PROMPT_NAMES, simplify } from "./known-columns.ts";
import type { LabelPlan } from "./labels.ts";
import type { Header } from "./sources/source.ts";
import { likelyPrompt, namingRemedy } from "./suggest-columns.ts";

/** The cell of the id. */
export interface IdCell {
  /** Null: the id of a row is its number in the file, counted from 0. */
  readonly id: number | null;
  /** The number of the last turn that was judged; null when the whole conversation was. */
  readonly lastTurn: number | null;
}

/** The indexes of the cells that are read from each record, and the meaning of the labels. */
export interface Layout extends IdCell {
  /** The cells whose texts make the prompt, joined by blank lines; empty when the conversations contain it. */
  readonly prompt: readonly number[];
  readonly responseA: number;
  readonly responseB: number;
  /** False: the file has no answers, and the cells of the answers mean nothing; it may have no prompt either. */
  readonly hasAnswers: boolean;
  /** True when A is the chosen answer in the file, so that rows are dealt to A and B. */
  readonly dealt: boolean;
  readonly labels: LabelPlan;
  /** The class that a label means which is the name of an answer column, by the simplified name. */
  readonly answers: LabelCodes;
  /** True when the label column was only guessed by its name, so that values without a meaning are no error. */
  readonly guessed: boolean;
  /** True when no person named a column of labels, so that one whose values are words alone is used. */
  readonly anyLabels: boolean;
  /** The cell with the inclusion probability of a sample; null when the file is no sample. */
  readonly inclusion: number | null;
  /** Sentences for a person: the assumptions about the columns with the id and the texts. */
  readonly notes: readonly string[];
  /** The assumption about the labels, or why there are none. */
  readonly labelNotes: readonly string[];
}

/**
 * Finds the cells by the names in a header: by the names of the config, else by the names that public data sets use. The
 * label columns may all be missing, or that of the tie, but no other alone. Throws AbtieError("data") with all columns that are
 * missing or ambiguous.
 */
export function findLayout(header: Header, options: LayoutOptions): Layout {
  const { columns } = options;
  const search = createSearch(header, columns);
  const mayLack = options.textsOptional && createSearch(header, columns).pair() === null;
  const pair = mayLack ? null : search.pair();
  const { id, lastTurn } = findId(search, columns);
  const prompt = findPrompt(search, columns, pair, mayLack);
  const labels = findLabels(search, options, pair);
  if (search.problems.length > 0 || (pair === null && !mayLack)) {
    throw headerError(header, search.problems, namingRemedy(header.names, search.problems, columns));
  }
  return {
    id,
    lastTurn,
    prompt,
    responseA: pair?.indices[0] ?? NO_CELL,
    responseB: pair?.indices[1] ?? NO_CELL,
    hasAnswers: pair !== null,
    dealt: pair?.dealt ?? false,
    labels: labels.plan,
    answers: answerNames(header.names, pair),
    guessed: labels.guessed,
    anyLabels: options.truth === "labels" && columns.label === null && !namesWeights(columns),
    inclusion: header.names.includes(INCLUSION_COLUMN) ? search.exact(INCLUSION_COLUMN) : null,
    notes: [...(lastTurn === null ? [] : [SEVERAL_JUDGEMENTS]), ...search.assumed()],
    labelNotes: labels.notes,
  };
}

const NO_CELL = -1;

/** Finds the cell with the id: under the name of the config, else under the names that public data sets use. */
export function findId(search: Search, columns: Columns): IdCell {
  const lastTurn = columns.id === DEFAULT_COLUMNS.id ? findLastTurn(search.names) : null;
  if (lastTurn !== null) return { id: null, lastTurn };
  return { id: search.one("id", columns.id, DEFAULT_COLUMNS.id, ID_NAMES), lastTurn };
}

/** Lists the cells of ids, texts and inclusion probabilities, which cannot be labels. */
export function textCells({ id, prompt, responseA, responseB, inclusion }: Layout): readonly number[] {
  return [id, ...prompt, responseA, responseB, inclusion].filter(
    (index): index is number => index !== null && index !== NO_CELL,
  );
}

const SEVERAL_JUDGEMENTS =
  'a question has several judgements, each of the conversation up to its "turn": the id of a row is its number, counted from 0';

/** Finds the column "turn" of the human judgements of MT-bench, where a question has many rows. */
function findLastTurn(names: readonly string[]): number | null {
  return MT_BENCH.every((name) => names.includes(name)) ? names.indexOf("turn") : null;
}

function findPrompt(search: Search, { prompt }: Columns, pair: AnswerPair | null, mayLack: boolean): readonly number[] {
  const inConversation = pair !== null && /^conversation|^chosen$/.test(simplify(pair.name));
  const answers = (pair?.indices ?? []).map((index) => search.names[index] ?? "");
  const instruction = search.usual(["instruction"]);
  const input = search.usual(["input"]);
  const isDefault = prompt === DEFAULT_COLUMNS.prompt && !search.names.includes(prompt);
  if (isDefault && instruction !== null && input !== null) {
    search.assume('the prompt is "instruction" followed by "input"');
    return [instruction, input];
  }
  const index = search.one("prompt", prompt, DEFAULT_COLUMNS.prompt, PROMPT_NAMES);
  if (index !== null) return [index];
  const likely = inConversation || prompt !== DEFAULT_COLUMNS.prompt ? null : likelyPrompt(search.names, answers);
  if (likely !== null) {
    search.assume(`the prompt is the column ${JSON.stringify(likely)}`);
    return [search.exact(likely)];
  }
  if (!inConversation && !mayLack) search.exact(prompt);
  return [];
}
