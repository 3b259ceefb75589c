import { type Columns, findColumns } from "./columns.ts";
import type { Header } from "./sources/source.ts";

/** The indexes of the cells that are read from each record. */
export interface Layout {
  readonly id: number;
  readonly prompt: number;
  readonly responseA: number;
  readonly responseB: number;
  readonly truth:
    | { readonly from: "labels"; readonly indices: readonly [a: number, b: number, tie: number] }
    | { readonly from: "votes"; readonly index: number }
    | { readonly from: "nothing" };
}

export interface LayoutOptions {
  readonly columns: Columns;
  readonly truth: "labels" | "votes";
  /** True to refuse a file that lacks the columns named by `truth`; false to read such a file without truth. */
  readonly needsTruth: boolean;
}

/**
 * Finds the indexes of the cells by the names in a header. The label columns may all be missing, but not only some of
 * them. Throws AbtieError("data") when a needed column is missing or ambiguous.
 */
export function findLayout(header: Header, options: LayoutOptions): Layout {
  const { columns } = options;
  const text = [columns.id, columns.prompt, columns.responseA, columns.responseB];
  const wanted = wantedTruth(header.names, options);
  const [id = -1, prompt = -1, responseA = -1, responseB = -1, ...rest] = findColumns(header, [...text, ...wanted]);
  const [first = -1, second = -1, third = -1] = rest;
  return { id, prompt, responseA, responseB, truth: toTruth() };

  function toTruth(): Layout["truth"] {
    if (wanted.length === 0) return { from: "nothing" };
    if (options.truth === "votes") return { from: "votes", index: first };
    return { from: "labels", indices: [first, second, third] };
  }
}

function wantedTruth(names: readonly string[], { columns, truth, needsTruth }: LayoutOptions): readonly string[] {
  const wanted = truth === "votes" ? [columns.votes] : columns.labels;
  return needsTruth || wanted.some((name) => names.includes(name)) ? wanted : [];
}
