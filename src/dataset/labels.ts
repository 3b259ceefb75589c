import { createHash } from "node:crypto";
import { perClass, swap } from "../classes.ts";
import { CLASSES, type ClassName, type PerClass } from "../types.ts";
import { cellText, readDecimal } from "./cell.ts";
import { type LabelCodes, simplify } from "./known-columns.ts";
import type { DataCell } from "./sources/source.ts";

/** The cells that give the truth of a row, and the way in which they give it. */
export type LabelPlan =
  /** Three columns with weights, or two in a file without ties. */
  | { readonly from: "weights"; readonly indices: readonly number[] }
  /** One column with votes: "A|B|tie". */
  | { readonly from: "votes"; readonly index: number }
  /** One column with words such as model_a, B or tie, or with the names of the answer columns. */
  | { readonly from: "words"; readonly index: number; readonly answers: LabelCodes }
  /** One or several columns with codes; several are votes. A, B and tie are understood beside the codes. */
  | {
      readonly from: "codes";
      readonly indices: readonly number[];
      readonly codes: LabelCodes;
      readonly answers: LabelCodes;
    }
  /** One column with a score: below 0 the first answer is better, above 0 the second. */
  | { readonly from: "score"; readonly index: number }
  /**
   * The column of A has the better answer, and rows are dealt to A and B: see `isDealt`. In pairs of a ranked list, a
   * column has the difference of their ranks, and 0 is a tie.
   */
  | { readonly from: "chosen"; readonly difference: number | null }
  | { readonly from: "nothing" };

/**
 * The truth of a row: the weights of a, b and tie, which sum to 1, and the tag "both bad" where the data has one.
 */
export interface ValidTruth {
  readonly ok: true;
  readonly weights: PerClass;
  readonly tag: string | null;
}

/** The truth of a row, or a sentence that says why its cells give none. */
export type Truth = ValidTruth | { readonly ok: false; readonly wrong: string; readonly remedy: string };

/** Lists the cells from which labels are read; for dealt answers those of the answers. */
export function labelCells({
  labels,
  responseA,
  responseB,
}: {
  readonly labels: LabelPlan;
  readonly responseA: number;
  readonly responseB: number;
}): readonly number[] {
  if ("indices" in labels) return labels.indices;
  if ("index" in labels) return [labels.index];
  return labels.from === "chosen" ? [responseA, responseB] : [];
}

/** Reads the truth of a row; null when the plan has none. `swapped` exchanges the classes A and B. */
export function readTruth(plan: LabelPlan, cells: readonly DataCell[], swapped: boolean): Truth | null {
  const truth = readAsWritten(plan, cells);
  if (truth === null || !truth.ok || !swapped) return truth;
  return { ...truth, weights: swap(truth.weights) };
}

/**
 * Decides whether the chosen answer of a row becomes B instead of A: by one bit of a hash of the id, so that position
 * shows nothing, and neither the order of the rows nor a resumed run nor a shard changes it.
 */
export function isDealt(id: string): boolean {
  return ((createHash("sha256").update(`abtie deal\0${id}`, "utf8").digest()[0] ?? 0) & 1) === 1;
}

function readAsWritten(plan: LabelPlan, cells: readonly DataCell[]): Truth | null {
  switch (plan.from) {
    case "nothing":
      return null;
    case "chosen":
      return pure(plan.difference !== null && readDecimal(cells[plan.difference]) === 0 ? "tie" : "a");
    case "weights":
      return readWeights(plan.indices.map((index) => cells[index]));
    case "votes":
      return readVotes(cells[plan.index]);
    case "words":
      return readWord(cells[plan.index], plan.answers);
    case "codes":
      return readCodes(
        plan.indices.map((index) => cells[index]),
        plan,
      );
    case "score":
      return readScore(cells[plan.index]);
    default:
      return plan satisfies never;
  }
}

/**
 * Reads the cells of the label columns, in the order a, b and, where the file has it, tie: 1 for one class and 0 for the
 * others, or any weights that are not negative. Divides the weights by their sum.
 */
function readWeights(cells: readonly DataCell[]): Truth {
  const weights = cells.map(readDecimal);
  const [a = 0, b = 0, tie = 0] = weights;
  const sum = a + b + tie;
  if (weights.every((weight) => weight >= 0) && sum > 0 && Number.isFinite(sum)) {
    return { ok: true, weights: [a / sum, b / sum, tie / sum], tag: null };
  }
  return wrong(`the labels are ${cells.map((cell) => JSON.stringify(cellText(cell))).join(", ")}`, WEIGHTS_REMEDY);
}

const WEIGHTS_REMEDY = "Labels are one-hot (1, 0, 0), or numbers that are not negative and not all zero.";

/** Reads a cell of votes, for example "A|B|tie", as the share of each class. */
function readVotes(cell: DataCell): Truth {
  const votes = cellText(cell)
    .split("|")
    .map((vote) => vote.trim().toLowerCase());
  if (!votes.every(isClass)) return wrong(`the votes are ${JSON.stringify(cellText(cell))}`, VOTES_REMEDY);
  return shares(votes);
}

const VOTES_REMEDY = 'Votes are A, B or tie with "|" between, at least one: A|B|tie.';

function isClass(vote: string): vote is ClassName {
  return (CLASSES as readonly string[]).includes(vote);
}

function readWord(cell: DataCell, answers: LabelCodes): Truth {
  const text = cellText(cell);
  const found = classOfWord(text, answers);
  if (found === undefined) return wrong(`the label is ${JSON.stringify(text)}`, WORDS_REMEDY);
  return pure(found, BOTH_BAD.has(wordOf(text)) ? "both bad" : null);
}

/**
 * Finds the class that a word names, without regard to case and punctuation; undefined when it names none. `answers` has the
 * names of the answer columns, which go before the usual words: beside a column response_0, response_1 is the second answer.
 */
function classOfWord(text: string, answers: LabelCodes): ClassName | undefined {
  return classOf(answers, simplify(text)) ?? classOf(WORDS, wordOf(text));
}

function wordOf(text: string): string {
  return text.toLowerCase().replaceAll(/[^\p{L}\p{N}<>=]/gu, "");
}

/** The words of public data sets, without white space and punctuation, in small letters. */
const WORDS: Readonly<Record<string, ClassName>> = {
  a: "a",
  modela: "a",
  responsea: "a",
  answera: "a",
  assistanta: "a",
  conversationa: "a",
  response1: "a",
  model1: "a",
  first: "a",
  left: "a",
  leftvote: "a",
  "a>b": "a",
  "a>>b": "a",
  b: "b",
  modelb: "b",
  responseb: "b",
  answerb: "b",
  assistantb: "b",
  conversationb: "b",
  response2: "b",
  model2: "b",
  second: "b",
  right: "b",
  rightvote: "b",
  "b>a": "b",
  "b>>a": "b",
  "a<b": "b",
  "a<<b": "b",
  tie: "tie",
  tievote: "tie",
  draw: "tie",
  equal: "tie",
  same: "tie",
  both: "tie",
  bothgood: "tie",
  neither: "tie",
  c: "tie",
  "a=b": "tie",
  "b=a": "tie",
  tiebothbad: "tie",
  bothbad: "tie",
  bothbadvote: "tie",
};

const BOTH_BAD: ReadonlySet<string> = new Set(["tiebothbad", "bothbad", "bothbadvote", "neither"]);
const WORDS_REMEDY =
  'A label is a word such as A, model_b, A>B or tie. For other values give the column and its codes: "columns: {label: NAME, codes: {1: a, 2: b, 0: tie}}".';

function readCodes(
  cells: readonly DataCell[],
  { codes, answers }: { readonly codes: LabelCodes; readonly answers: LabelCodes },
): Truth {
  const votes = cells.map((cell) => {
    const text = cellText(cell).trim();
    const plain = text.toLowerCase();
    return classOf(codes, text) ?? (isClass(plain) ? plain : classOf(answers, simplify(text)));
  });
  if (votes.every((vote) => vote !== undefined)) return shares(votes);
  const shown = cells.map((cell) => JSON.stringify(cellText(cell))).join(", ");
  const known = Object.entries(codes).map(([code, name]) => `${code}: ${name}`);
  return wrong(
    `the label is ${shown}`,
    `The codes of the label column are ${known.join(", ")}; A, B and tie are understood too. ${CODES_REMEDY}`,
  );
}

/** Looks a text of the file up. The text may be "constructor", which every object has. */
function classOf(classes: Readonly<Record<string, ClassName>>, text: string): ClassName | undefined {
  return Object.hasOwn(classes, text) ? classes[text] : undefined;
}

const CODES_REMEDY = 'Correct the label, or give other codes: "columns: {label: NAME, codes: {...}}".';

function readScore(cell: DataCell): Truth {
  const score = readDecimal(cell);
  if (!Number.isFinite(score)) return wrong(`the score is ${JSON.stringify(cellText(cell))}`, SCORE_REMEDY);
  return pure(score < 0 ? "a" : score > 0 ? "b" : "tie");
}

const SCORE_REMEDY = "A score is a number: below 0 the first answer is better, above 0 the second.";

function shares(votes: readonly ClassName[]): Truth {
  const share = (name: ClassName): number => votes.filter((vote) => vote === name).length / votes.length;
  return { ok: true, weights: perClass(CLASSES, share), tag: null };
}

function pure(name: ClassName, tag: string | null = null): Truth {
  return { ok: true, weights: perClass(CLASSES, (other) => Number(other === name)), tag };
}

function wrong(text: string, remedy: string): Truth {
  return { ok: false, wrong: text, remedy };
}
