import { quoteForShell } from "../format.ts";
import { cellText } from "./cell.ts";
import { type LabelCodes, LOOKS_LIKE_LABELS, simplify } from "./known-columns.ts";
import { classOfWord } from "./labels.ts";
import type { DataCell } from "./sources/source.ts";

/** A column that is not used and looks like labels. */
export interface LabelHint {
  readonly column: string;
  /** The first different values of the column. */
  readonly values: readonly string[];
  /** How its values are understood: as words, as votes ("A|B|tie"), or only by codes that a person gives. */
  readonly kind: "words" | "votes" | "codes";
}

/** Number of different values that a hint names. */
const NAMED = 5;
/** A longer text is no label. */
const LONGEST_LABEL = 40;

interface Candidate {
  readonly column: string;
  readonly index: number;
  readonly values: Set<string>;
  /** False once a value was no word. */
  words: boolean;
  votes: boolean;
  readonly classes: Set<string>;
}

/**
 * Looks for columns of labels among those that are not used: by their values, which are all words for A, B and tie and name both
 * sides, or by their names. `used` has the indexes of the columns with ids and texts.
 */
export function createHintCollector(
  names: readonly string[],
  { used, answers }: { readonly used: readonly number[]; readonly answers: LabelCodes },
): { add: (cells: readonly DataCell[]) => void; finish: () => readonly LabelHint[] } {
  const isNamedSo = (column: string): boolean => LOOKS_LIKE_LABELS.test(simplify(column));
  let candidates: readonly Candidate[] = names.flatMap((column, index) =>
    used.includes(index)
      ? []
      : [{ column, index, values: new Set<string>(), words: true, votes: true, classes: new Set<string>() }],
  );
  const look = (candidate: Candidate, cell: DataCell): boolean => {
    const text = cellText(cell)
      .slice(0, LONGEST_LABEL + 1)
      .trim();
    if (text === "") return true;
    if (candidate.values.size < NAMED) candidate.values.add(text);
    const word = candidate.words ? classOfWord(text, answers) : undefined;
    if (word === undefined) candidate.words = false;
    else candidate.classes.add(word);
    candidate.votes &&= VOTES.test(text);
    return candidate.words || candidate.votes || isNamedSo(candidate.column);
  };
  return {
    add: (cells) => {
      if (candidates.length === 0) return;
      candidates = candidates.filter((candidate) => look(candidate, cells[candidate.index]));
    },
    finish: () =>
      candidates.flatMap(({ column, values, words, votes, classes }): readonly LabelHint[] => {
        const named = { column, values: [...values] };
        if (words && classes.has("a") && classes.has("b")) return [{ ...named, kind: "words" }];
        if (votes && values.size > 0 && named.values.some((value) => value.includes("|"))) {
          return [{ ...named, kind: "votes" }];
        }
        return isNamedSo(column) && values.size > 0 ? [{ ...named, kind: "codes" }] : [];
      }),
  };
}

const VOTES = /^(a|b|tie)( *\| *(a|b|tie))*$/i;

/** Says which column looks like labels, why, and how to use it. */
export function describeHint({ column, values, kind }: LabelHint): string {
  const shown = values.map((value) => JSON.stringify(value)).join(", ");
  const more = values.length === NAMED ? ", ..." : "";
  return `the column ${JSON.stringify(column)} looks like labels (${shown}${more}) and is not used; to use it, add ${flagsOf({ column, values, kind })}`;
}

function flagsOf({ column, values, kind }: LabelHint): string {
  switch (kind) {
    case "words":
      return `--set ${quoteForShell(`columns.label=${column}`)}`;
    case "votes":
      return column === "votes" ? "--truth votes" : `--truth votes --set ${quoteForShell(`columns.votes=${column}`)}`;
    case "codes":
      return `--set ${quoteForShell(`columns.label=${column}`)} --set ${quoteForShell(`columns.codes=${exampleCodes(values)}`)}, with the meaning of each value: a, b or tie`;
    default:
      return kind satisfies never;
  }
}

function exampleCodes(values: readonly string[]): string {
  const meanings = ["a", "b", "tie"];
  const codes = values.slice(0, meanings.length).map((value, at) => `${JSON.stringify(value)}:"${meanings[at]}"`);
  return `{${codes.join(",")}}`;
}
