import { quoteForShell } from "../format.ts";
import { cellText } from "./cell.ts";
import { type LabelCodes, LOOKS_LIKE_LABELS, simplify } from "./known-columns.ts";
import { type LabelPlan, readTruth, type ValidTruth } from "./labels.ts";
import type { DataCell } from "./sources/source.ts";

/** A column that is not used and looks like labels. */
interface LabelHint {
  readonly column: string;
  /** The first different values of the column. */
  readonly values: readonly string[];
  /** How its values are understood: as words, as votes ("A|B|tie"), or only by codes that a person gives. */
  readonly kind: "words" | "votes" | "codes";
}

/** A column whose every value is a word for A, B or tie, with the truth of each row. */
interface CertainLabels {
  readonly column: string;
  readonly plan: LabelPlan;
  readonly truths: readonly ValidTruth[];
}

/** Number of different values that a hint names. */
const NAMED = 5;
/** A longer text is no label. */
const LONGEST_LABEL = 40;

interface Candidate {
  readonly column: string;
  readonly index: number;
  readonly values: Set<string>;
  /** The truth of each row so far; null once a value was no word. */
  truths: ValidTruth[] | null;
  hasBlank: boolean;
  votes: boolean;
}

/** What was found among the columns that are not used. */
interface HintCollector {
  readonly add: (cells: readonly DataCell[]) => void;
  readonly finish: () => { readonly hints: readonly LabelHint[]; readonly certain: CertainLabels | null };
}

/**
 * Looks for columns of labels among those that are not used: by their values, which are all words for A, B and tie and name both
 * sides, or by their names. Labels are certain when one column alone has such words, and has one in each row. `used` has the
 * indexes of the columns with ids and texts.
 */
export function createHintCollector(
  names: readonly string[],
  { used, answers }: { readonly used: readonly number[]; readonly answers: LabelCodes },
): HintCollector {
  const isNamedSo = (column: string): boolean => LOOKS_LIKE_LABELS.test(simplify(column));
  const planOf = (index: number): LabelPlan => ({ from: "words", index, answers });
  let candidates: readonly Candidate[] = names.flatMap((column, index) =>
    used.includes(index)
      ? []
      : [{ column, index, values: new Set<string>(), truths: [], hasBlank: false, votes: true }],
  );
  const look = (candidate: Candidate, cells: readonly DataCell[]): boolean => {
    const text = cellText(cells[candidate.index])
      .slice(0, LONGEST_LABEL + 1)
      .trim();
    if (text === "") {
      candidate.hasBlank = true;
      return true;
    }
    if (candidate.values.size < NAMED) candidate.values.add(text);
    const truth = text.length > LONGEST_LABEL ? null : readTruth(planOf(candidate.index), cells, false);
    if (truth?.ok === true) candidate.truths?.push(truth);
    else candidate.truths = null;
    candidate.votes &&= VOTES.test(text);
    return candidate.truths !== null || candidate.votes || isNamedSo(candidate.column);
  };
  return {
    add: (cells) => {
      if (candidates.length === 0) return;
      candidates = candidates.filter((candidate) => look(candidate, cells));
    },
    finish: () => {
      const hints = candidates.flatMap((candidate): readonly LabelHint[] => {
        const { column, values, votes } = candidate;
        const named = { column, values: [...values] };
        if (namesBothSides(candidate)) return [{ ...named, kind: "words" }];
        if (votes && values.size > 0 && named.values.some((value) => value.includes("|"))) {
          return [{ ...named, kind: "votes" }];
        }
        return isNamedSo(column) && values.size > 0 ? [{ ...named, kind: "codes" }] : [];
      });
      const [one, ...others] = candidates.filter(namesBothSides);
      if (one === undefined || others.length > 0 || one.hasBlank) return { hints, certain: null };
      return { hints, certain: { column: one.column, plan: planOf(one.index), truths: one.truths ?? [] } };
    },
  };
}

function namesBothSides({ truths }: Candidate): boolean {
  return [0, 1].every((side) => truths?.some(({ weights }) => weights[side] === 1) === true);
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
