import { createHash } from "node:crypto";
import type { FileHandle } from "node:fs/promises";
import { CsvError, type Parser, parse } from "csv-parse";
import { AbtieError } from "../../errors.ts";
import { explainFileError } from "../../files/explain.ts";
import type { Problems } from "../problems.ts";
import { CSV_OPTIONS, explainQuoting, QUOTING_REMEDY } from "./csv-dialect.ts";
import { createRecords, type RecordHandlers } from "./csv-records.ts";
import { createLines } from "./lines.ts";

export interface ScanOptions extends RecordHandlers {
  readonly signal?: AbortSignal | undefined;
  /** Bytes read at a time, for tests. */
  readonly chunkBytes?: number;
}

/**
 * Reads a CSV file once from its beginning, in constant memory, and returns its SHA-256 (64 hex digits) and size in bytes; both
 * are of the whole file even when `onRow` stops. Rows with a wrong number of cells are added to `problems`. Throws
 * AbtieError("data") when the file is empty, has no rows, is not UTF-8, or its quoting is broken, since then nothing behind that can be
 * trusted; rejects with the signal's reason when it aborts.
 */
export async function scanCsv(file: FileHandle, options: ScanOptions): Promise<{ sha256: string; bytes: number }> {
  const { path, problems, signal, chunkBytes = 1 << 16 } = options;
  const hash = createHash("sha256");
  const lines = createLines();
  let bytes = 0;
  const records = createRecords(options, (offset) => lines.lineAt(offset));
  const parser = parse({ ...CSV_OPTIONS, bom: true, on_record: records.add });
  // What goes wrong comes back from each write; without a listener the event would end the process.
  parser.on("error", () => {});
  const unlessStopped = (error: unknown): void => {
    if (!records.stopped()) throw error;
  };

  try {
    for await (const chunk of file.createReadStream({ start: 0, autoClose: false, highWaterMark: chunkBytes })) {
      signal?.throwIfAborted();
      bytes += chunk.length;
      hash.update(chunk);
      if (records.stopped()) continue;
      refuseBadLines(lines.add(chunk), problems);
      await write(parser, chunk).catch(unlessStopped);
    }
    if (!records.stopped()) {
      refuseBadLines(lines.end(), problems);
      await end(parser);
    }
  } catch (error) {
    if (!(error instanceof CsvError)) throw explainFileError("read", path, error);
    const line = records.nextLine(parser.info.empty_lines);
    problems.add(QUOTING_REMEDY, { line, text: explainQuoting(error, records.header()) });
    problems.throwIfAny();
  } finally {
    parser.destroy();
  }
  refuseEmpty(path, records.count());
  return { sha256: hash.digest("hex"), bytes };
}

function refuseBadLines(bad: readonly number[], problems: Problems): void {
  for (const line of bad) problems.add(UTF8_REMEDY, { line, text: "the text is not UTF-8" });
  if (bad.length > 0) problems.throwIfAny();
}

const UTF8_REMEDY = "Save the file as UTF-8, for example with: iconv -f latin1 -t utf-8.";

function write(parser: Parser, chunk: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    parser.write(chunk, (error) => (error ? reject(error) : resolve()));
  });
}

function end(parser: Parser): Promise<void> {
  return new Promise((resolve, reject) => {
    parser.end((error?: Error | null) => (error ? reject(error) : resolve()));
  });
}

function refuseEmpty(path: string, records: number): void {
  if (records > 1) return;
  const found = records === 0 ? "the file is empty" : "the file has a header but no rows";
  throw new AbtieError("data", `${path}: ${found}. Expected a CSV file with a header line and at least one row.`);
}
