import { type Columns, DEFAULT_COLUMNS } from "../types.ts";
import type { AnswerPair, LayoutOptions, Search } from "./column-search.ts";
import { lacksTie, problemOf } from "./columns.ts";
import { AUTO_J, KNOWN_CODES, type LabelCodes, SCORE_NAMES, simplify, WORD_NAMES } from "./known-columns.ts";
import type { LabelPlan } from "./labels.ts";
import { RANK_DIFFERENCE } from "./sources/ranked.ts";

/** The cells with the labels. */
export interface FoundLabels {
  readonly plan: LabelPlan;
  readonly guessed: boolean;
  readonly notes: readonly string[];
}

/**
 * Finds the labels. A file without them is no mistake, because scoring needs none: a note says which columns were looked for, if
 * a person named them.
 */
export function findLabels(search: Search, { columns, truth }: LayoutOptions, pair: AnswerPair | null): FoundLabels {
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
  return withoutLabels(search, namesWeights(columns) ? columns.labels : []);
}

/** Decides whether a person named the columns of weights. */
export function namesWeights({ labels }: Columns): boolean {
  return labels.some((name, k) => name !== DEFAULT_COLUMNS.labels[k]);
}

/** The names of the answer columns, simplified, which a label may have as its value. */
export function answerNames(names: readonly string[], pair: AnswerPair | null): LabelCodes {
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
