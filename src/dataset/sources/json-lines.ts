import { isUtf8 } from "node:buffer";
import { createHash } from "node:crypto";
import { AbtieError } from "../../errors.ts";
import { explainFileError } from "../../files/explain.ts";
import { exceeds } from "../../files/json-shape.ts";
import type { OpenFile } from "./open-file.ts";
import type { Problems, Unit } from "./problems.ts";
import {
  type DataCell,
  type FileDigest,
  MAX_RECORD_BYTES,
  MAX_RECORD_DEPTH,
  type ScanOptions,
  type Source,
} from "./source.ts";

type JsonObject = Readonly<Record<string, unknown>>;

/**
 * Reads a file with one JSON object in each line. The names of the cells are the keys of the first records; a record
 * that lacks a key has an undefined cell. Disposing the source closes the file.
 */
export function jsonLinesSource(file: OpenFile, unit: Unit = "line"): Source {
  // The names are found by the scan, which comes before every read.
  let names: readonly string[] = [];
  return {
    path: file.path,
    unit,
    scan: async (options) => {
      const onHeader: ScanOptions["onHeader"] = (header) => {
        names = header.names;
        options.onHeader(header);
      };
      const digest = await scanJsonLines(file, unit, { ...options, onHeader });
      await file.checkUnchanged();
      return digest;
    },
    read: async (position) => {
      const bytes = await file.readBytes(position);
      // The check follows the read, so it finds every change before the read and during it.
      await file.checkUnchanged();
      const parsed = parseObject(bytes.toString("utf8"));
      return typeof parsed === "string" ? null : cellsOf(parsed, names);
    },
    [Symbol.asyncDispose]: () => file.handle.close(),
  };
}

/** Number of records with the keys from which the names are taken. */
const NAMING_RECORDS = 100;

interface ParsedLine {
  readonly object: JsonObject;
  readonly line: number;
  readonly start: number;
  readonly bytes: number;
}

async function scanJsonLines(file: OpenFile, unit: Unit, options: ScanOptions): Promise<FileDigest> {
  const { problems, signal } = options;
  const hash = createHash("sha256");
  let size = 0;
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
    options.onHeader({ path: file.path, line: null, names });
    first.forEach(handOn);
    first = [];
  };
  const addLine = (bytes: Buffer, line: number, start: number): void => {
    if (stopped || isBlank(bytes)) return;
    const object = readLine(bytes, line, unit, problems);
    if (object === null) return;
    records += 1;
    const parsed = { object, line, start, bytes: bytes.length };
    if (names !== null) handOn(parsed);
    else if (first.push(parsed) === NAMING_RECORDS) nameCells();
  };
  const lines = createLineSplitter(file.path, unit, addLine);

  try {
    const highWaterMark = options.chunkBytes ?? 1 << 16;
    for await (const chunk of file.handle.createReadStream({ start: 0, autoClose: false, highWaterMark })) {
      signal?.throwIfAborted();
      size += chunk.length;
      hash.update(chunk);
      if (!stopped) lines.add(chunk);
    }
  } catch (error) {
    throw explainFileError("read", file.path, error);
  }
  if (!stopped) lines.end();
  if (names === null && first.length > 0) nameCells();
  if (records === 0) {
    problems.throwIfAny();
    throw new AbtieError("data", `${file.path}: the file has no rows. Expected one JSON object in each line.`);
  }
  return { sha256: hash.digest("hex"), bytes: size };
}

const NEWLINE = 10;

/** Cuts the bytes of a file into lines, each with its line end. Throws AbtieError("data") for a line without an end. */
function createLineSplitter(path: string, unit: Unit, onLine: (bytes: Buffer, line: number, start: number) => void) {
  let pieces: Buffer[] = [];
  let length = 0;
  let start = 0;
  let line = 1;
  const keep = (piece: Buffer): void => {
    pieces.push(piece);
    length += piece.length;
    if (length <= MAX_RECORD_BYTES) return;
    throw new AbtieError(
      "data",
      `${path}, ${unit} ${line}: the row is longer than ${MAX_RECORD_BYTES / 1024 ** 2} MB. Expected one JSON object in each line.`,
    );
  };
  const handOn = (): void => {
    onLine(pieces.length === 1 ? (pieces[0] as Buffer) : Buffer.concat(pieces), line, start);
    start += length;
    line += 1;
    pieces = [];
    length = 0;
  };
  return {
    add: (chunk: Buffer): void => {
      let from = 0;
      for (let at = chunk.indexOf(NEWLINE); at !== -1; at = chunk.indexOf(NEWLINE, from)) {
        keep(chunk.subarray(from, at + 1));
        handOn();
        from = at + 1;
      }
      if (from < chunk.length) keep(Buffer.from(chunk.subarray(from)));
    },
    end: (): void => {
      if (length > 0) handOn();
    },
  };
}

/** A byte order mark counts as white space, as for `trim`. */
function isBlank(bytes: Buffer): boolean {
  return bytes.length < 1_024 && bytes.toString("utf8").trim() === "";
}

function readLine(bytes: Buffer, line: number, unit: Unit, problems: Problems): JsonObject | null {
  if (!isUtf8(bytes)) {
    problems.add(UTF8_REMEDY, { line, text: "the text is not UTF-8" });
    return null;
  }
  const parsed = parseObject(bytes.toString("utf8"));
  if (typeof parsed !== "string") return parsed;
  problems.add(unit === "line" ? LINE_REMEDY : ROW_REMEDY, { line, text: parsed });
  return null;
}

const UTF8_REMEDY = "Save the file as UTF-8, for example with: iconv -f latin1 -t utf-8.";
const LINE_REMEDY = 'Each line needs one JSON object: {"prompt": ..., "response_a": ..., "response_b": ...}.';
const ROW_REMEDY = "Each row needs named fields.";

/** Parses a line; a text says why it is no object. */
function parseObject(text: string): JsonObject | string {
  if (exceeds(text, { depth: MAX_RECORD_DEPTH, values: Number.POSITIVE_INFINITY }))
    return `the line is nested in more than ${MAX_RECORD_DEPTH} levels`;
  try {
    const value: unknown = JSON.parse(text.startsWith("\ufeff") ? text.slice(1) : text);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as JsonObject;
    return "the line is JSON, but no object";
  } catch {
    return "the line is no JSON object";
  }
}

function cellsOf(object: JsonObject, names: readonly string[]): readonly DataCell[] {
  return names.map((name) => (Object.hasOwn(object, name) ? object[name] : undefined));
}
