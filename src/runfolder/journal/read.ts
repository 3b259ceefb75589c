import { AbtieError } from "../../errors.ts";
import type { Disk } from "../../files/disk.ts";
import { type Line, parseJson, readLines } from "../../files/json-lines.ts";
import { schemaProblems } from "../../files/schema-problem.ts";
import { journalEventSchema } from "./event-schemas.ts";
import { JOURNAL_FORMAT, type JournalEvent, OLDEST_JOURNAL_FORMAT } from "./events.ts";

/** An event, and the number of its line in the file, counted from 1. */
export interface NumberedEvent {
  readonly event: JournalEvent;
  readonly line: number;
}

/**
 * Reads a journal event by event. Ignores a last line without newline, because a kill or a power cut left it
 * unfinished. Throws AbtieError("data") with file and line when any other line is corrupt, or when another version of
 * abtie wrote the journal.
 */
export async function* readJournal(path: string, disk?: Disk): AsyncGenerator<NumberedEvent> {
  for await (const line of readLines(path, disk)) {
    if (line.whole) yield { event: parseLine(path, line), line: line.number };
  }
}

function parseLine(path: string, line: Line): JournalEvent {
  const parsed = parseJson(line.text);
  refuseOtherFormat(path, line, parsed);
  const result = journalEventSchema.safeParse(parsed);
  if (result.success) return result.data;
  throw new AbtieError(
    "data",
    `${path}, line ${line.number}: expected a journal event, found ${excerpt(line.text)}. ` +
      "The file was damaged or edited: remove that line to score its rows again, or start a new run.",
    { details: parsed === undefined ? ["it is not JSON"] : schemaProblems(result.error.issues) },
  );
}

/**
 * Refuses a journal of another format. Every session begins with a line that contains the format and the version of
 * abtie that wrote it.
 */
function refuseOtherFormat(path: string, { number }: Line, parsed: unknown): void {
  if (typeof parsed !== "object" || parsed === null || !("format" in parsed)) return;
  const { format } = parsed;
  if (typeof format !== "number" || (format >= OLDEST_JOURNAL_FORMAT && format <= JOURNAL_FORMAT)) return;
  const writer = "version" in parsed && typeof parsed.version === "string" ? `abtie ${parsed.version}` : "abtie";
  const age = format > JOURNAL_FORMAT ? "a newer" : "an older";
  throw new AbtieError(
    "data",
    `${path}, line ${number}: the journal was written by ${age} version of abtie (${writer}, format ${format}), and this version ` +
      `reads the formats ${OLDEST_JOURNAL_FORMAT} to ${JOURNAL_FORMAT} only: use that version, or start a new run (--fresh, or another folder with --run).`,
  );
}

function excerpt(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}...` : text);
}
