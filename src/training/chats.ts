import { fingerprint, readCell } from "../dataset/cell.ts";
import { findColumns } from "../dataset/columns.ts";
import { createIdReader, type IdReader } from "../dataset/read-ids.ts";
import { fileChanged } from "../dataset/sources/open-file.ts";
import { openSource } from "../dataset/sources/open-source.ts";
import { createProblems } from "../dataset/sources/problems.ts";
import type { DataCell, RecordPosition, Source } from "../dataset/sources/source.ts";
import type { Message } from "../prompt/tokenizer/tokenizer.ts";
import type { Columns } from "../types.ts";

/** The chats of a file. Memory holds their places; the texts are read from the file each time. */
export interface Chats extends AsyncDisposable {
  /** The column with the ids, where the file has one; else the number of the row, counted from 0. */
  readonly ids: readonly string[];
  /** Group number of each chat: chats that differ in their answer alone have the same. */
  readonly groups: Uint32Array;
  /** Reads one chat. Throws AbtieError("data") when the file has changed since it was opened. */
  readonly read: (row: number) => Promise<readonly Message[]>;
}

interface ChatsOptions {
  /** Name of the column with the chats. */
  readonly column: string;
  /** The names that a person gave: of these, that of the ids is used. */
  readonly columns: Columns;
  /** Number of chats from the beginning; null: all. */
  readonly limit: number | null;
  readonly signal: AbortSignal;
}

/**
 * Opens a file of chats: each row has a list of messages with roles, in the forms that readCell knows. Throws AbtieError("data") when
 * a column is missing, and with the lines of all rows that hold no messages, or whose id is empty or repeated.
 */
export async function openChats(path: string, options: ChatsOptions): Promise<Chats> {
  const { limit, signal } = options;
  const source = await openSource(path, { signal, limit: limit ?? undefined });
  try {
    const { ids, keys, positions, at } = await scanChats(source, options);
    const numbers = new Map([...new Set(keys)].map((key, number) => [key, number]));
    return {
      ids,
      groups: Uint32Array.from(keys, (key) => numbers.get(key) ?? 0),
      read: async (row) => {
        const position = positions[row];
        if (position === undefined) throw new Error(`there is no chat ${row}`);
        const messages = messagesOf((await source.read(position))?.[at]);
        if (messages === null) throw fileChanged(path);
        return messages;
      },
      [Symbol.asyncDispose]: () => source[Symbol.asyncDispose](),
    };
  } catch (error) {
    await source[Symbol.asyncDispose]();
    throw error;
  }
}

async function scanChats(source: Source, { column, columns, limit, signal }: ChatsOptions) {
  const problems = createProblems(source.path, source.unit);
  const ids: string[] = [];
  const keys: string[] = [];
  const positions: RecordPosition[] = [];
  let at = 0;
  let reader: IdReader | null = null;
  await source.scan({
    problems,
    signal,
    onHeader: (header) => {
      at = findColumns(header, [column], COLUMN_REMEDY)[0] ?? 0;
      reader = createIdReader(header, { columns, unit: source.unit, problems, remedy: COLUMN_REMEDY });
    },
    onRecord: (record) => {
      const { cells, line, start, bytes } = record;
      const id = reader?.read(record) ?? "";
      const messages = messagesOf(cells[at]);
      if (messages === null) problems.add(REMEDY, { line, text: `"${column}" holds no list of messages` });
      else {
        ids.push(id);
        keys.push(fingerprint(messages.slice(0, -1).flatMap(({ role, content }) => [role, content])));
        positions.push({ start, bytes });
      }
      return ids.length === limit ? "stop" : "go on";
    },
  });
  problems.throwIfAny();
  return { ids, keys, positions, at };
}

const COLUMN_REMEDY =
  "Rename the column in the file, or name it in the recipe: `data.messages` has the chats, `data.columns.id` the ids.";

const REMEDY =
  'Write each chat as a list of messages: [{"role": "user", "content": "..."}, {"role": "assistant", "content": "..."}]; a column of another name is named with data.messages.';

function messagesOf(cell: DataCell): readonly Message[] | null {
  const read = readCell(cell);
  return read.form === "messages" ? read.messages.map(({ role, text }) => ({ role, content: text ?? "" })) : null;
}
