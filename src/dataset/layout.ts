import { type Columns, findColumns, type Header } from "./columns.ts";

/** Which cells of a record are read: positions counted from 0. */
export interface Layout {
  readonly id: number;
  readonly prompt: number;
  readonly responseA: number;
  readonly responseB: number;
  readonly truth:
    | { readonly from: "labels"; readonly at: readonly [a: number, b: number, tie: number] }
    | { readonly from: "votes"; readonly at: number }
    | { readonly from: "nothing" };
}

export interface LayoutOptions {
  readonly columns: Columns;
  readonly truth: "labels" | "votes";
  /** True when a file without the columns that `truth` names is refused; else it is read without truth. */
  readonly needsTruth: boolean;
}

/**
 * Finds the cells of a header. Label columns may be missing all together, not in part. Throws AbtieError("data") when a column that
 * is needed is missing or ambiguous.
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
    if (options.truth === "votes") return { from: "votes", at: first };
    return { from: "labels", at: [first, second, third] };
  }
}

function wantedTruth(names: readonly string[], { columns, truth, needsTruth }: LayoutOptions): readonly string[] {
  const wanted = truth === "votes" ? [columns.votes] : columns.labels;
  return needsTruth || wanted.some((name) => names.includes(name)) ? wanted : [];
}
