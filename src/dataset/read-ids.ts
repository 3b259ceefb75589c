import type { Columns } from "../types.ts";
import { cellText } from "./cell.ts";
import { createSearch } from "./column-search.ts";
import { headerError } from "./columns.ts";
import { findId } from "./layout.ts";
import { type ColumnChoice, chosenColumns } from "./open-dataset.ts";
import { idOf } from "./read-row.ts";
import { createIdCheck } from "./row-index.ts";
import { openSource } from "./sources/open-source.ts";
import { createProblems, type Problems, type Unit } from "./sources/problems.ts";
import type { Header, SourceRecord } from "./sources/source.ts";
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
  let reader: IdReader | null = null;
  await source.scan({
    problems,
    signal,
    onHeader: (header) => {
      names = header.names;
      reader = createIdReader(header, { columns: chosenColumns(columns, names), unit: source.unit, problems });
      column = reader.column;
    },
    onRecord: (record) => {
      if (reader !== null) ids.push(reader.read(record));
      return "go on";
    },
  });
  problems.throwIfAny();
  return { ids, column, names };
}

/** Reads the ids of the records of one file. */
export interface IdReader {
  /** The column with the ids; null: the id of a record is its number, counted from 0. */
  readonly column: string | null;
  /** Gives the id of the next record. It must be called for every record, in the order of the file. */
  readonly read: (record: SourceRecord) => string;
}

interface IdReaderOptions {
  readonly columns: Columns;
  readonly unit: Unit;
  readonly problems: Problems;
  /** What to do when a named column is missing; default for a config of a job. */
  readonly remedy?: string;
}

/**
 * Finds the column with the ids of a file: the one that a person named, else one with a usual name. An id that is empty or repeated is
 * reported to `problems`. Throws AbtieError("data") when a column that was named is missing.
 */
export function createIdReader(header: Header, { columns, unit, problems, remedy }: IdReaderOptions): IdReader {
  const search = createSearch(header, columns);
  const cell = findId(search, columns);
  if (search.problems.length > 0)
    throw headerError(header, search.problems, remedy ?? namingRemedy(header.names, search.problems, columns));
  const checkId = createIdCheck(unit, problems);
  let count = 0;
  return {
    column: cell.id === null ? null : (header.names[cell.id] ?? null),
    read: ({ cells, line }) => {
      const id = idOf(cell, cells, count);
      checkId(id, line);
      count += 1;
      return id;
    },
  };
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
