import { cellText } from "./cell.ts";
import { createSearch } from "./column-search.ts";
import { headerError } from "./columns.ts";
import { findId, type IdCell } from "./layout.ts";
import { type ColumnChoice, chosenColumns } from "./open-dataset.ts";
import { idOf } from "./read-row.ts";
import { createIdCheck } from "./row-index.ts";
import { openSource } from "./sources/open-source.ts";
import { createProblems } from "./sources/problems.ts";
import { namingRemedy } from "./suggest-columns.ts";

/** The ids of a file of rows. */
export interface FileIds {
  readonly ids: readonly string[];
  /** The column with the ids; null: the id of a row is its number, counted from 0. */
  readonly column: string | null;
  /** The names of the columns of the file, or the keys of its records. */
  readonly names: readonly string[];
}

/**
 * Reads the ids of a file of rows, which may lack every other column. Throws AbtieError("data") when the file cannot be read, a
 * column that was named is missing, or an id is empty or repeated.
 */
export async function readIds(
  path: string,
  { columns, signal }: { readonly columns: ColumnChoice; readonly signal?: AbortSignal },
): Promise<FileIds> {
  await using source = await openSource(path, { signal });
  const problems = createProblems(source.path, source.unit);
  const ids: string[] = [];
  let names: readonly string[] = [];
  let column: string | null = null;
  let cell: IdCell = { id: null, lastTurn: null };
  const checkId = createIdCheck(source.unit, problems);
  await source.scan({
    problems,
    signal,
    onHeader: (header) => {
      names = header.names;
      const chosen = chosenColumns(columns, names);
      const search = createSearch(header, chosen);
      cell = findId(search, chosen);
      if (search.problems.length > 0)
        throw headerError(header, search.problems, namingRemedy(names, search.problems, chosen));
      column = cell.id === null ? null : (names[cell.id] ?? null);
    },
    onRecord: ({ cells, line }) => {
      const id = idOf(cell, cells, ids.length);
      checkId(id, line);
      ids.push(id);
      return "go on";
    },
  });
  problems.throwIfAny();
  return { ids, column, names };
}

/** Number of records that are looked at for the column of given ids. */
const LOOKED_AT = 1_000;

/**
 * Finds the column of a file whose values are different in each row, and which has most of these ids, or has them in most of its rows;
 * null when no column is so. Only the first LOOKED_AT rows count. Throws AbtieError("data") when the file cannot be read.
 */
export async function columnWithIds(
  path: string,
  ids: readonly string[],
  signal?: AbortSignal,
): Promise<string | null> {
  await using source = await openSource(path, { signal, limit: LOOKED_AT });
  const wanted = new Set(ids);
  let rows = 0;
  let candidates: { readonly name: string; readonly index: number; readonly seen: Set<string>; hits: number }[] = [];
  await source.scan({
    problems: createProblems(source.path, source.unit),
    signal,
    onHeader: ({ names }) => {
      candidates = names.map((name, index) => ({ name, index, seen: new Set(), hits: 0 }));
    },
    onRecord: ({ cells }) => {
      rows += 1;
      candidates = candidates.filter((candidate) => {
        const text = cellText(cells[candidate.index]);
        candidate.hits += Number(wanted.has(text));
        candidate.seen.add(text);
        return candidate.seen.size === rows;
      });
      return rows < LOOKED_AT && candidates.length > 0 ? "go on" : "stop";
    },
  });
  const [best] = candidates.toSorted((one, other) => other.hits - one.hits);
  return best !== undefined && best.hits > Math.min(rows, wanted.size) / 2 ? best.name : null;
}
