import { CsvError, type InfoRecord, type Parser, parse } from "csv-parse";
import { AbtieError } from "../../errors.ts";
import { explainFileError } from "../../files/explain.ts";
import { CSV_OPTIONS, explainQuoting, QUOTING_REMEDY } from "./csv-dialect.ts";
import { createDigest, readChunks } from "./digest.ts";
import { createLines } from "./lines.ts";
import type { OpenFile } from "./open-file.ts";
import { type Problems, UTF8_REMEDY } from "./problems.ts";
import type { FileDigest, ScanOptions, SourceRecord } from "./source.ts";

/**
 * Scans a CSV file: see `Source.scan`. A record that does not have as many cells as the header is reported to
 * `problems`. Wrong quotes and text that is not UTF-8 end the scan with AbtieError("data").
 */
export async function scanCsv(
  file: Pick<OpenFile, "handle" | "path" | "digest">,
  delimiter: string,
  options: ScanOptions,
): Promise<FileDigest> {
  const { path } = file;
  const { problems } = options;
  const digest = createDigest(file.digest);
  const lines = createLines();
  const records = createRecords(path, options, (offset) => lines.lineAt(offset));
  const parser = parse({ ...CSV_OPTIONS, delimiter, bom: true, on_record: records.add });
  // Each write returns its own error. Without a listener, the error event would end the process.
  parser.on("error", () => {});
  const unlessStopped = (error: unknown): void => {
    if (!records.stopped()) throw error;
  };

  try {
    for await (const chunk of readChunks(file, digest, options)) {
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
  return digest.digest();
}

/** The records of one file while it is parsed. */
interface Records {
  /**
   * Adds one record from the parser. Returns null, because the parser would otherwise collect the records in memory.
   */
  readonly add: (cells: readonly string[], info: InfoRecord) => null;
  /** Number of records so far, including the header. */
  readonly count: () => number;
  readonly stopped: () => boolean;
  readonly header: () => readonly string[];
  /**
   * Returns the line in which the record after the last one begins. `emptyLines` is the parser's count of empty lines.
   */
  readonly nextLine: (emptyLines: number) => number;
}

/** Adds to each record of the parser its position in the file, and passes the record on. */
function createRecords(path: string, options: ScanOptions, lineAt: (offset: number) => number): Records {
  let header: readonly string[] = [];
  let count = 0;
  let stopped = false;
  let start = 0;
  let emptyLinesBefore = 0;
  const nextLine = (emptyLines: number): number => lineAt(start) + emptyLines - emptyLinesBefore;

  const handOn = (record: SourceRecord): void => {
    const { line } = record;
    const cells = record.cells as readonly string[];
    if (count === 1) {
      header = cells;
      refuseMacLineEnds(path, header);
      options.onHeader({ path, line, names: header, called: "The header is" });
    } else if (cells.length === header.length) {
      stopped = options.onRecord(record) === "stop";
    } else {
      const text = `the row has ${cells.length} cells, the header has ${header.length}`;
      options.problems.add(CELLS_REMEDY, { line, text });
    }
  };

  return {
    add: (cells, info) => {
      if (stopped) return null;
      count += 1;
      handOn({ cells, line: nextLine(info.empty_lines), start, bytes: info.bytes - start });
      start = info.bytes;
      emptyLinesBefore = info.empty_lines;
      return null;
    },
    count: () => count,
    stopped: () => stopped,
    header: () => header,
    nextLine,
  };
}

const CELLS_REMEDY = "Each row needs one cell for each column; a cell with a comma in it must be quoted.";

function refuseMacLineEnds(path: string, header: readonly string[]): void {
  if (!header.some((name) => name.includes("\r"))) return;
  throw new AbtieError(
    "data",
    `${path}, line 1: the header holds a carriage return, as in files with the line ends of old Macs. Convert it: tr '\\r' '\\n'.`,
  );
}

function refuseBadLines(bad: readonly number[], problems: Problems): void {
  for (const line of bad) problems.add(UTF8_REMEDY, { line, text: "the text is not UTF-8" });
  if (bad.length > 0) problems.throwIfAny();
}

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
