import { type Columns, DEFAULT_COLUMNS } from "../types.ts";
import { headerError, INCLUSION_COLUMN, lacksTie, problemOf } from "./columns.ts";
import {
  ANSWER_PAIRS,
  AUTO_J,
  ID_NAMES,
  KNOWN_CODES,
  type LabelCodes,
  MT_BENCH,
  PROMPT_NAMES,
  SCORE_NAMES,
  simplify,
  WORD_NAMES,
} from "./known-columns.ts";
import type { LabelPlan } from "./labels.ts";
import { RANK_DIFFERENCE } from "./sources/ranked.ts";
import type { Header } from "./sources/source.ts";
import { namingRemedy, withoutIds } from "./suggest-columns.ts";

/** The indexes of the cells that are read from each record, and the meaning of the labels. */
export interface Layout {
  /** Null: the id of a row is its number in the file, counted from 0. */
  readonly id: number | null;
  /** The number of the last turn that was judged; null when the whole conversation was. */
  readonly lastTurn: number | null;
  /** The cells whose texts make the prompt, joined by blank lines; empty when the conversations contain it. */
  readonly prompt: readonly number[];
  readonly responseA: number;
  readonly responseB: number;
  /** True when A is the chosen answer in the file, so that rows are dealt to A and B. */
  readonly dealt: boolean;
  readonly labels: LabelPlan;
  /** The class that a label means which is the name of an answer column, by the simplified name. */
  readonly answers: LabelCodes;
  /** True when the label column was only guessed by its name, so that values without a meaning are no error. */
  readonly guessed: boolean;
  /** The cell with the inclusion probability of a sample; null when the file is no sample. */
  readonly inclusion: number | null;
  /** Sentences for a person: the assumptions about the columns with the id and the texts. */
  readonly notes: readonly string[];
  /** The assumption about the labels, or why there are none. */
  readonly labelNotes: readonly string[];
}

export interface LayoutOptions {
  readonly columns: Columns;
  readonly truth: "labels" | "votes";
}

/**
 * Finds the cells by the names in a header: by the names of the config, else by the names that public data sets use. The
 * label columns may all be missing, or that of the tie, but no other alone. Throws AbtieError("data") with all columns that are
 * missing or ambiguous.
 */
export function findLayout(header: Header, options: LayoutOptions): Layout {
  const { columns } = options;
  const search = createSearch(header, columns);
  const pair = search.pair();
  const lastTurn = columns.id === DEFAULT_COLUMNS.id ? findLastTurn(header.names) : null;
  const id = lastTurn === null ? search.one("id", columns.id, DEFAULT_COLUMNS.id, ID_NAMES) : null;
  const prompt = findPrompt(search, columns, pair !== null && /^conversation|^chosen$/.test(simplify(pair.name)));
  const labels = findLabels(search, options, pair);
  if (search.problems.length > 0 || pair === null) {
    throw headerError(header, search.problems, namingRemedy(header.names, search.problems));
  }
  return {
    id,
    lastTurn,
    prompt,
    responseA: pair.indices[0],
    responseB: pair.indices[1],
    dealt: pair.dealt,
    labels: labels.plan,
    answers: answerNames(header.names, pair),
    guessed: labels.guessed,
    inclusion: header.names.includes(INCLUSION_COLUMN) ? search.exact(INCLUSION_COLUMN) : null,
    notes: [
      ...(id === null ? [lastTurn === null ? withoutIds(header.names) : SEVERAL_JUDGEMENTS] : []),
      ...search.assumed(),
    ],
    labelNotes: labels.notes,
  };
}

const SEVERAL_JUDGEMENTS =
  'a question has several judgements, each of the conversation up to its "turn": the id of a row is its number, counted from 0';

/** Finds the column "turn" of the human judgements of MT-bench, where a question has many rows. */
function findLastTurn(names: readonly string[]): number | null {
  return MT_BENCH.every((name) => names.includes(name)) ? names.indexOf("turn") : null;
}

/** The columns of the two answers. */
interface AnswerPair {
  readonly indices: readonly [number, number];
  readonly name: string;
  /** True when the first is the better answer of each row. */
  readonly dealt: boolean;
}

/** The columns of one header while they are looked for. */
interface Search {
  readonly names: readonly string[];
  readonly problems: string[];
  /** The index of a column that must be there under exactly this name; -1 with a problem otherwise. */
  readonly exact: (name: string) => number;
  /**
   * The index of a column under the configured name, else under a usual name when the configured one is the default;
   * null when there is none. An explicit name that is missing is a problem.
   */
  readonly one: (role: string, configured: string, byDefault: string, usual: readonly string[]) => number | null;
  /** The two answers; null with a problem when there are none. */
  readonly pair: () => AnswerPair | null;
  /** The index of the first column with one of these simplified names; null when there is none. */
  readonly usual: (simplified: readonly string[]) => number | null;
  readonly assume: (text: string) => void;
  readonly assumed: () => readonly string[];
}

function createSearch({ names }: Header, columns: Columns): Search {
  const { id, prompt, responseA, responseB, labels, votes } = columns;
  const wantedNames: readonly string[] = [id, prompt, responseA, responseB, ...labels, votes];
  const unused = names.filter((name) => !wantedNames.includes(name));
  const simple = names.map(simplify);
  const problems: string[] = [];
  const assumptions: string[] = [];
  const assume = (text: string): void => void assumptions.push(text);
  const exact = (name: string): number => {
    problems.push(...problemOf(name, names, unused));
    return names.indexOf(name);
  };
  const usual = (wanted: readonly string[]): number | null => {
    const found = wanted.map((name) => simple.indexOf(name)).find((index) => index !== -1);
    return found ?? null;
  };
  return {
    names,
    problems,
    exact,
    usual,
    assume,
    assumed: () => assumptions,
    one: (role, configured, byDefault, wanted) => {
      if (names.includes(configured) || configured !== byDefault) return exact(configured);
      const index = usual(wanted);
      if (index !== null) assume(`the ${role} is the column ${JSON.stringify(names[index])}`);
      return index;
    },
    pair: () => {
      const wanted = [responseA, responseB];
      const isDefault = responseA === DEFAULT_COLUMNS.responseA && responseB === DEFAULT_COLUMNS.responseB;
      if (!isDefault || wanted.some((name) => names.includes(name))) {
        return { indices: [exact(responseA), exact(responseB)], name: responseA, dealt: false };
      }
      for (const [first, second] of ANSWER_PAIRS) {
        const indices: [number, number] = [simple.indexOf(first), simple.indexOf(second)];
        if (indices.includes(-1)) continue;
        assume(`answers A and B are the columns ${indices.map((index) => JSON.stringify(names[index])).join(" and ")}`);
        return { indices, name: first, dealt: false };
      }
      const dealt: [number, number] = [simple.indexOf("chosen"), simple.indexOf("rejected")];
      if (!dealt.includes(-1)) {
        if (names.includes(RANK_DIFFERENCE))
          assume("a ranked list gives the pairs of its best answer with each other one");
        assume("chosen and rejected answers are dealt to A and B by a hash of the id");
        return { indices: dealt, name: "chosen", dealt: true };
      }
      for (const name of wanted) problems.push(...problemOf(name, names, unused));
      return null;
    },
  };
}

function findPrompt(search: Search, { prompt }: Columns, inConversation: boolean): readonly number[] {
  const instruction = search.usual(["instruction"]);
  const input = search.usual(["input"]);
  const isDefault = prompt === DEFAULT_COLUMNS.prompt && !search.names.includes(prompt);
  if (isDefault && instruction !== null && input !== null) {
    search.assume('the prompt is "instruction" followed by "input"');
    return [instruction, input];
  }
  const index = search.one("prompt", prompt, DEFAULT_COLUMNS.prompt, PROMPT_NAMES);
  if (index !== null) return [index];
  if (!inConversation) search.exact(prompt);
  return [];
}

interface FoundLabels {
  readonly plan: LabelPlan;
  readonly guessed: boolean;
  readonly notes: readonly string[];
}

/**
 * Finds the labels. A file without them is no mistake, because scoring needs none: a note says which columns were looked for, if
 * a person named them.
 */
function findLabels(search: Search, { columns, truth }: LayoutOptions, pair: AnswerPair | null): FoundLabels {
  const certain = (plan: LabelPlan, note: string | null = null): FoundLabels => ({
    plan,
    guessed: false,
    notes: note === null ? [] : [note],
  });
  const { names } = search;
  const answers = answerNames(names, pair);
  const annotators = knownCodes(names, answers);
  if (truth === "votes" && names.includes(columns.votes)) {
    return certain({ from: "votes", index: search.exact(columns.votes) });
  }
  if (truth === "votes" && annotators === null) return withoutLabels(search, [columns.votes]);
  if (columns.label !== null) {
    if (!names.includes(columns.label)) return withoutLabels(search, [columns.label]);
    const index = search.exact(columns.label);
    if (columns.codes === null) return certain({ from: "words", index, answers });
    return certain({ from: "codes", indices: [index], codes: columns.codes, answers });
  }
  if (truth === "labels" && columns.labels.some((name) => names.includes(name))) {
    return weightColumns(search, columns.labels);
  }
  if (pair?.dealt === true) {
    const difference = names.indexOf(RANK_DIFFERENCE);
    return certain({ from: "chosen", difference: difference === -1 ? null : difference });
  }
  if (annotators !== null) return certain(annotators.plan, annotators.note);
  const score = search.usual(SCORE_NAMES);
  if (score !== null) {
    return certain({ from: "score", index: score }, `the labels are the signs of ${JSON.stringify(names[score])}`);
  }
  const word = search.usual(WORD_NAMES);
  if (word !== null) {
    return {
      plan: { from: "words", index: word, answers },
      guessed: true,
      notes: [`the labels are the column ${JSON.stringify(names[word])}`],
    };
  }
  const isNamed = columns.labels.some((name, k) => name !== DEFAULT_COLUMNS.labels[k]);
  return withoutLabels(search, isNamed ? columns.labels : []);
}

/** The names of the answer columns, simplified, which a label may have as its value. */
function answerNames(names: readonly string[], pair: AnswerPair | null): LabelCodes {
  const [a = "", b = ""] = (pair?.indices ?? []).map((index) => simplify(names[index] ?? ""));
  return a === b ? {} : { [a]: "a", [b]: "b" };
}

function withoutLabels({ names }: Search, wanted: readonly string[]): FoundLabels {
  const missing = wanted.flatMap((name) => problemOf(name, names, names));
  const notes = missing.length === 0 ? [] : [`the rows have no labels: ${missing.join("; ")}`];
  return { plan: { from: "nothing" }, guessed: false, notes };
}

function weightColumns({ names, exact }: Search, labels: Columns["labels"]): FoundLabels {
  const isLacking = lacksTie(names, labels);
  return {
    plan: { from: "weights", indices: (isLacking ? labels.slice(0, 2) : labels).map(exact) },
    guessed: false,
    notes: isLacking ? [`no column ${JSON.stringify(labels[2])}: no label is a tie`] : [],
  };
}

function knownCodes(
  names: readonly string[],
  answers: LabelCodes,
): { readonly plan: LabelPlan; readonly note: string } | null {
  const noteOf = (indices: readonly number[]): string =>
    `the labels are the codes of ${indices.map((index) => JSON.stringify(names[index])).join(", ")}`;
  if (AUTO_J.header.every((name) => names.includes(name))) {
    const indices = [names.indexOf("label")];
    return { plan: { from: "codes", indices, codes: AUTO_J.codes, answers }, note: noteOf(indices) };
  }
  const simple = names.map(simplify);
  for (const { label, beside, codes } of KNOWN_CODES) {
    const indices = simple.flatMap((name, index) => (label.test(name) ? [index] : []));
    if (indices.length === 0 || !beside.every((name) => simple.includes(name))) continue;
    return { plan: { from: "codes", indices, codes, answers }, note: noteOf(indices) };
  }
  return null;
}
