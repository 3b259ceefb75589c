import { fingerprint, readCell } from "../dataset/cell.ts";
import { createIdCollector, type IdCollector } from "../dataset/collect-ids.ts";
import { findColumns } from "../dataset/columns.ts";
import { fileChanged } from "../dataset/sources/open-file.ts";
import { openSource } from "../dataset/sources/open-source.ts";
import { createProblems } from "../dataset/sources/problems.ts";
import type { DataCell, RecordPosition, Source } from "../dataset/sources/source.ts";
import type { Message } from "../prompt/tokenizer/tokenizer.ts";

/** The chats of a file. Memory holds their places; the texts are read from the file each time. */
export interface Chats extends AsyncDisposable {
  /** The ids of the file, where it has some; else the number of the row, counted from 0. */
  readonly ids: readonly string[];
  /** A sentence for a person about a column that looks like the ids and is not used; null without one. */
  readonly note: string | null;
  /** Group number of each chat: chats that differ in their answer alone have the same. */
  readonly groups: Uint32Array;
  /** Reads one chat. Throws AbtieError("data") when the file has changed since it was opened. */
  readonly read: (row: number) => Promise<readonly Message[]>;
}

interface ChatsOptions {
  /** Name of the column with the chats. */
  readonly column: string;
  /** The column with the ids that a person named; null: none. */
  readonly idColumn: string | null;
  /** Number of chats from the beginning; null: all. */
  readonly limit: number | null;
  readonly signal: AbortSignal;
}

/**
 * Opens a file of chats: each row has a list of messages with roles, in the forms that readCell knows. Throws AbtieError("data") when
 * a column is missing, and with the lines of all rows that hold no messages, or whose id in a column that was named is empty or repeated.
 */
export async function openChats(path: string, options: ChatsOptions): Promise<Chats> {
  const { limit, signal } = options;
  const source = await openSource(path, { signal, limit: limit ?? undefined });
  try {
    const { ids, note, keys, positions, at } = await scanChats(source, options);
    const numbers = new Map([...new Set(keys)].map((key, number) => [key, number]));
    return {
      ids,
      note,
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

async function scanChats(source: Source, { column, idColumn, limit, signal }: ChatsOptions) {
  const problems = createProblems(source.path, source.unit);
  const keys: string[] = [];
  const positions: RecordPosition[] = [];
  let at = 0;
  let collector: IdCollector | undefined;
  await source.scan({
    problems,
    signal,
    onHeader: (header) => {
      at = findColumns(header, [column], COLUMN_REMEDY)[0] ?? 0;
      collector = createIdCollector(header, { named: idColumn, unit: source.unit, problems, remedy: COLUMN_REMEDY });
    },
    onRecord: (record) => {
      const { cells, line, start, bytes } = record;
      collector?.add(record);
      const messages = messagesOf(cells[at]);
      if (messages === null) problems.add(REMEDY, { line, text: `"${column}" holds no list of messages` });
      else {
        keys.push(fingerprint(messages.slice(0, -1).flatMap(({ role, content }) => [role, content])));
        positions.push({ start, bytes });
      }
      return positions.length === limit ? "stop" : "go on";
    },
  });
  problems.throwIfAny();
  // Each record holds messages here, so that the numbers of records are those of chats.
  const { ids = [], note = null } = collector?.finish() ?? {};
  return { ids, note, keys, positions, at };
}

const COLUMN_REMEDY =
  "Rename the column in the file, or name it in the recipe: `data.messages` has the chats, `data.columns.id` the ids.";

const REMEDY =
  'Write each chat as a list of messages: [{"role": "user", "content": "..."}, {"role": "assistant", "content": "..."}]; a column of another name is named with data.messages.';

function messagesOf(cell: DataCell): readonly Message[] | null {
  const read = readCell(cell);
  return read.form === "messages" ? read.messages.map(({ role, text }) => ({ role, content: text ?? "" })) : null;
}
