import { isUtf8 } from "node:buffer";
import { AbtieError } from "../../errors.ts";
import { explainFileError } from "../../files/explain.ts";
import { exceeds, isRecord } from "../../files/json-shape.ts";
import { createLineSplitter, type RawLine } from "../../files/split-lines.ts";
import { createDigest, readChunks } from "./digest.ts";
import { sourceInPlace } from "./in-place.ts";
import type { OpenFile } from "./open-file.ts";
import { type Problems, type Unit, UTF8_REMEDY } from "./problems.ts";
import { withoutByteOrderMark } from "./recognise.ts";
import {
  type DataCell,
  type FileDigest,
  type Header,
  MAX_RECORD_BYTES,
  MAX_RECORD_DEPTH,
  type ScanOptions,
  type Source,
} from "./source.ts";

type JsonObject = Readonly<Record<string, unknown>>;

/** What a person is told of a file that is read as JSON Lines: the file itself, or what was converted to it. */
export interface Wording {
  readonly unit: Unit;
  readonly called: Header["called"];
  /** What every record must be, as a sentence. */
  readonly expected: string;
}

const LINE_REMEDY = 'Each line needs one JSON object: {"prompt": ..., "response_a": ..., "response_b": ...}.';

/** The wording of each kind of file. */
export const WORDING = {
  "json-lines": { unit: "line", called: "The keys of the records are", expected: LINE_REMEDY },
  json: { unit: "row", called: "The keys of the records are", expected: "Each row needs named fields." },
  parquet: { unit: "row", called: "The columns of the file are", expected: "Each row needs named columns." },
} as const satisfies Readonly<Record<string, Wording>>;

/**
 * Reads a file with one JSON object in each line. The names of the cells are the keys of the first records; a record
 * that lacks a key has an undefined cell. Disposing the source closes the file.
 */
export function jsonLinesSource(file: OpenFile, wording: Wording = WORDING["json-lines"]): Source {
  // The names are found by the scan, which comes before every read.
  let names: readonly string[] = [];
  return sourceInPlace(file, wording.unit, {
    scan: (options) => {
      const onHeader: ScanOptions["onHeader"] = (header) => {
        names = header.names;
        options.onHeader(header);
      };
      return scanJsonLines(file, wording, { ...options, onHeader });
    },
    parse: (records) =>
      records.map((bytes) => {
        const parsed = parseObject(bytes.toString("utf8"));
        return typeof parsed === "string" ? null : cellsOf(parsed, names);
      }),
  });
}

/** Number of records with the keys from which the names are taken. */
export const NAMING_RECORDS = 100;

interface ParsedLine {
  readonly object: JsonObject;
  readonly line: number;
  readonly start: number;
  readonly bytes: number;
}

async function scanJsonLines(file: OpenFile, wording: Wording, options: ScanOptions): Promise<FileDigest> {
  const { problems } = options;
  const digest = createDigest(file.digest);
  let first: ParsedLine[] = [];
  let names: readonly string[] | null = null;
  let stopped = false;
  let records = 0;

  const handOn = ({ object, line, start, bytes }: ParsedLine): void => {
    if (stopped) return;
    stopped = options.onRecord({ cells: cellsOf(object, names ?? []), line, start, bytes }) === "stop";
  };
  const nameCells = (): void => {
    names = [...new Set(first.flatMap(({ object }) => Object.keys(object)))];
    options.onHeader({ path: file.path, line: null, names, called: wording.called });
    first.forEach(handOn);
    first = [];
  };
  const addLine = ({ bytes, number, start }: RawLine): void => {
    if (stopped || isBlank(bytes)) return;
    const object = readLine(bytes, number, wording, problems);
    if (object === null) return;
    records += 1;
    const parsed = { object, line: number, start, bytes: bytes.length };
    if (names !== null) handOn(parsed);
    else if (first.push(parsed) === NAMING_RECORDS) nameCells();
  };
  const lines = createLineSplitter(MAX_RECORD_BYTES, (number) => tooLong(file.path, wording, number));

  try {
    for await (const chunk of readChunks(file, digest, options)) {
      if (!stopped) for (const line of lines.add(chunk)) addLine(line);
    }
  } catch (error) {
    throw explainFileError("read", file.path, error);
  }
  if (!stopped) for (const line of lines.end()) addLine(line);
  if (names === null && first.length > 0) nameCells();
  if (records === 0) {
    problems.throwIfAny();
    throw new AbtieError("data", `${file.path}: the file has no rows. ${wording.expected}`);
  }
  return digest.digest();
}

/** Reads the records of a file with one JSON object in each line. Throws AbtieError("data") at a line that is none. */
export async function* jsonLinesRecords(file: OpenFile): AsyncGenerator<JsonObject> {
  const splitter = createLineSplitter(MAX_RECORD_BYTES, (number) => tooLong(file.path, WORDING["json-lines"], number));
  const parse = ({ bytes, number }: RawLine): JsonObject => {
    const parsed = parseObject(bytes.toString("utf8"));
    if (typeof parsed !== "string") return parsed;
    throw new AbtieError("data", `${file.path}, line ${number}: ${parsed}. ${LINE_REMEDY}`);
  };
  const { size } = await file.handle.stat();
  // A stream of the file would be broken off with an error by a caller that needs the first record alone.
  for (let start = 0; start < size; start += CHUNK_BYTES) {
    const chunk = await file.readBytes({ start, bytes: Math.min(CHUNK_BYTES, size - start) });
    for (const line of splitter.add(chunk)) if (!isBlank(line.bytes)) yield parse(line);
  }
  for (const line of splitter.end()) if (!isBlank(line.bytes)) yield parse(line);
}

const CHUNK_BYTES = 1 << 16;

function tooLong(path: string, { unit, expected }: Wording, line: number): AbtieError {
  return new AbtieError(
    "data",
    `${path}, ${unit} ${line}: the row is longer than ${MAX_RECORD_BYTES / 1024 ** 2} MB. ${expected}`,
  );
}

/** A byte order mark counts as white space, as for `trim`. */
function isBlank(bytes: Buffer): boolean {
  return bytes.length < 1_024 && bytes.toString("utf8").trim() === "";
}

function readLine(bytes: Buffer, line: number, { expected }: Wording, problems: Problems): JsonObject | null {
  if (!isUtf8(bytes)) {
    problems.add(UTF8_REMEDY, { line, text: "the text is not UTF-8" });
    return null;
  }
  const parsed = parseObject(bytes.toString("utf8"));
  if (typeof parsed !== "string") return parsed;
  problems.add(expected, { line, text: parsed });
  return null;
}

/** Parses a line; a text says why it is no object. */
function parseObject(text: string): JsonObject | string {
  if (exceeds(text, { depth: MAX_RECORD_DEPTH, values: Number.POSITIVE_INFINITY }))
    return `the line is nested in more than ${MAX_RECORD_DEPTH} levels`;
  try {
    const value: unknown = JSON.parse(withoutByteOrderMark(text));
    return isRecord(value) ? value : "the line is JSON, but no object";
  } catch {
    return "the line is no JSON object";
  }
}

function cellsOf(object: JsonObject, names: readonly string[]): readonly DataCell[] {
  return names.map((name) => (Object.hasOwn(object, name) ? object[name] : undefined));
}
