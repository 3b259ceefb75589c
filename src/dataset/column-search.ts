import { type Columns, DEFAULT_COLUMNS } from "../types.ts";
import { problemOf } from "./columns.ts";
import { ANSWER_PAIRS, simplify } from "./known-columns.ts";
import { RANK_DIFFERENCE } from "./sources/ranked.ts";
import type { Header } from "./sources/source.ts";
import { likelyAnswers } from "./suggest-columns.ts";

/** What a person says of the columns. */
export interface LayoutOptions {
  readonly columns: Columns;
  readonly truth: "labels" | "votes";
  /** True: the file may lack the answers, and the prompt too, because only its labels are needed. */
  readonly textsOptional: boolean;
}

/** The columns of the two answers. */
export interface AnswerPair {
  readonly indices: readonly [number, number];
  readonly name: string;
  /** True when the first is the better answer of each row. */
  readonly dealt: boolean;
}

/** The columns of one header while they are looked for. */
export interface Search {
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

/** Prepares the search for the columns of one header. */
export function createSearch({ names }: Header, columns: Columns): Search {
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
        assume(answersNote(indices.map((index) => names[index] ?? "")));
        return { indices, name: first, dealt: false };
      }
      const dealt: [number, number] = [simple.indexOf("chosen"), simple.indexOf("rejected")];
      if (!dealt.includes(-1)) {
        if (names.includes(RANK_DIFFERENCE))
          assume("a ranked list gives the pairs of its best answer with each other one");
        assume("chosen and rejected answers are dealt to A and B by a hash of the id");
        return { indices: dealt, name: "chosen", dealt: true };
      }
      const likely = likelyAnswers(names);
      if (likely !== null) {
        assume(answersNote(likely));
        return { indices: [exact(likely[0]), exact(likely[1])], name: likely[0], dealt: false };
      }
      for (const name of wanted) problems.push(...problemOf(name, names, unused));
      return null;
    },
  };
}

function answersNote(names: readonly string[]): string {
  return `answers A and B are the columns ${names.map((name) => JSON.stringify(name)).join(" and ")}`;
}
