import { DEFAULT_COLUMNS } from "../types.ts";
import { createSearch } from "./column-search.ts";
import { findColumns, headerError } from "./columns.ts";
import { findId, type IdCell } from "./layout.ts";
import { idOf } from "./read-row.ts";
import { createIdCheck } from "./row-index.ts";
import { createProblems, type Problems, type Unit } from "./sources/problems.ts";
import type { Header, SourceRecord } from "./sources/source.ts";

/** Collects the ids of the records of one file. */
export interface IdCollector {
  /** Adds a record and gives its number, counted from 0. It must be called for every record, in the order of the file. */
  readonly add: (record: SourceRecord) => number;
  /** Gives the id of each record by its number, and a sentence for a person when a usual column was passed over; else null. */
  readonly finish: () => { readonly ids: readonly string[]; readonly note: string | null };
}

interface IdCollectorOptions {
  /** The column that a person named; null: none. */
  readonly named: string | null;
  readonly unit: Unit;
  readonly problems: Problems;
  /** What to do when a column is missing, or is there twice. */
  readonly remedy: string;
}

/**
 * Finds the column with the ids of a file that may lack one. In the column that a person named, an id that is empty or repeated is
 * reported to `problems`. One that only has a usual name is passed over when its values are empty or repeated: then, and without one,
 * the id of a record is its number. Throws AbtieError("data") when the column that was named is missing.
 */
export function createIdCollector(header: Header, { named, unit, problems, remedy }: IdCollectorOptions): IdCollector {
  const cell = named === null ? usualCell(header, remedy) : namedCell(header, named, remedy);
  const found = named === null ? createProblems(header.path, unit) : problems;
  const checkId = createIdCheck(unit, found);
  const ids: string[] = [];
  return {
    add: ({ cells, line }) => {
      const id = idOf(cell, cells, ids.length);
      checkId(id, line);
      return ids.push(id) - 1;
    },
    finish: () => {
      const [finding] = named === null ? found.list().flatMap(({ findings }) => findings) : [];
      if (finding === undefined || cell.id === null) return { ids, note: null };
      const column = JSON.stringify(header.names[cell.id]);
      return {
        ids: ids.map((_, number) => String(number)),
        note: `the column ${column} gives not every row an id of its own (${unit} ${finding.line}: ${finding.text}): the id of a row is its number, counted from 0`,
      };
    },
  };
}

function namedCell(header: Header, name: string, remedy: string): IdCell {
  return { id: findColumns(header, [name], remedy)[0] ?? null, lastTurn: null };
}

function usualCell(header: Header, remedy: string): IdCell {
  const search = createSearch(header, DEFAULT_COLUMNS);
  const cell = findId(search, DEFAULT_COLUMNS);
  if (search.problems.length > 0) throw headerError(header, search.problems, remedy);
  return cell;
}
