import { AbtieError, messageOf } from "../../errors.ts";
import { exceeds, isRecord } from "../../files/json-shape.ts";
import type { OpenFile } from "./open-file.ts";
import { withoutByteOrderMark } from "./recognise.ts";
import { MAX_RECORD_DEPTH } from "./source.ts";

/** Largest JSON document in bytes, because the whole document is in memory while it is parsed. */
const MOST_BYTES = 256 * 1024 * 1024;

/**
 * Reads the records of a JSON document: a list of objects, or an object with exactly one such list, for example under
 * "data". Throws AbtieError("data") for any other document, and for one above 256 MB.
 */
export async function* jsonDocumentRecords(file: OpenFile, bytes: number): AsyncGenerator<object> {
  if (bytes > MOST_BYTES) {
    throw new AbtieError(
      "data",
      `${file.path} is one JSON document of ${(bytes / 1024 ** 2).toFixed(0)} MB, and at most ${MOST_BYTES / 1024 ** 2} MB are read at once. ${TO_LINES}`,
    );
  }
  const records = listOf(parse(file.path, await file.readBytes({ start: 0, bytes })));
  if (records === null) {
    throw new AbtieError(
      "data",
      `${file.path} is JSON, but no list of objects. Expected [{...}, {...}], or one object with such a list. ${TO_LINES}`,
    );
  }
  const wrong = records.findIndex((record) => !isRecord(record));
  if (wrong !== -1) {
    throw new AbtieError(
      "data",
      `${file.path}, row ${wrong + 1}: the element of the list is no object with named fields. ${TO_LINES}`,
    );
  }
  yield* records as readonly object[];
}

const TO_LINES = "Convert it to one object in each line: jq -c '.[]' OLD > NEW.jsonl.";

function parse(path: string, bytes: Buffer): unknown {
  const text = bytes.toString("utf8");
  // The list of the records, and an object around it, are two levels.
  if (exceeds(text, { depth: MAX_RECORD_DEPTH + 2, values: Number.POSITIVE_INFINITY })) {
    throw new AbtieError(
      "data",
      `${path}: a record is nested in more than ${MAX_RECORD_DEPTH} levels. Leave out the field, or write it as text.`,
    );
  }
  try {
    return JSON.parse(withoutByteOrderMark(text));
  } catch (error) {
    const found = /position (\d+)/.exec(messageOf(error))?.[1];
    const line = found === undefined ? "" : `, line ${text.slice(0, Number(found)).split("\n").length}`;
    const atEnd = found !== undefined && Number(found) >= text.length - 1;
    const where = atEnd ? "the file ends inside the document" : "the text is no JSON";
    throw new AbtieError("data", `${path}${line}: ${where}. Copy or download the file again, or correct it.`, {
      cause: error,
    });
  }
}

function listOf(value: unknown): readonly unknown[] | null {
  if (Array.isArray(value)) return value;
  if (!isRecord(value)) return null;
  const lists = Object.values(value).filter((part) => Array.isArray(part) && part.every(isRecord));
  return lists.length === 1 ? (lists[0] as readonly unknown[]) : null;
}
