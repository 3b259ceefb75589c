import { createReadStream, fstatSync, type Stats } from "node:fs";
import { Socket } from "node:net";
import type { Readable } from "node:stream";
import { AbtieError } from "../../errors.ts";
import { explainFileError } from "../../files/explain.ts";
import { copyStream, unpackGzip, writeRecords } from "./convert.ts";
import { csvSource } from "./csv.ts";
import { jsonDocumentRecords } from "./json-document.ts";
import { jsonLinesRecords, jsonLinesSource, NAMING_RECORDS, WORDING, type Wording } from "./json-lines.ts";
import { type OpenFile, openFile } from "./open-file.ts";
import { isRanked, rankedAsPairs } from "./ranked.ts";
import { HEAD_BYTES, recogniseFile } from "./recognise.ts";
import type { Source } from "./source.ts";

/**
 * Opens a file with rows: CSV (also with tabs or semicolons), JSON Lines, a JSON document or Parquet, each also packed
 * with gzip. The kind is recognised by the first bytes. Standard input and the pipes of a shell (/dev/stdin, /dev/fd/N)
 * are copied first. Throws AbtieError("data") with a remedy when the file cannot be read or is of another kind.
 * Disposing the source closes the file.
 */
export async function openSource(path: string, options: OpenOptions = {}): Promise<Source> {
  const pipe = openShellPipe(path);
  return sourceOf(pipe === null ? await openFile(path) : await copyStream(path, pipe, options.signal), options);
}

export interface OpenOptions {
  readonly signal?: AbortSignal | undefined;
  /** Number of rows that are needed: a file that is converted is converted no further. Default: all. */
  readonly limit?: number | undefined;
  /** The delimiter of a CSV; default the one that its header has most of. */
  readonly delimiter?: ",";
}

/** Opens standard input or a pipe that a shell made; null for any other path. */
function openShellPipe(path: string): Readable | null {
  const number = path === "/dev/stdin" ? "0" : /^\/dev\/fd\/(\d+)$/.exec(path)?.[1];
  if (number === undefined) return null;
  const fd = Number(number);
  const stats = statOf(fd, path);
  if (stats.isFIFO()) return createReadStream("", { fd });
  // A parent process may pass standard input as a socket, which cannot be opened or read as a file.
  return stats.isSocket() ? new Socket({ fd, readable: true, writable: false }) : null;
}

function statOf(fd: number, path: string): Stats {
  try {
    return fstatSync(fd);
  } catch (error) {
    throw explainFileError("read", path, error);
  }
}

async function sourceOf(file: OpenFile, options: OpenOptions, wasGzip = false): Promise<Source> {
  const { delimiter } = options;
  try {
    const { size } = await file.handle.stat();
    const is = recogniseFile(await file.readBytes({ start: 0, bytes: Math.min(size, HEAD_BYTES) }));
    switch (is.kind) {
      case "csv":
        return csvSource(file, delimiter ?? is.delimiter);
      case "json-lines":
        // A list gives several rows, which therefore cannot be read in place.
        if (await beginsWithRanked(file)) return await converted(file, jsonLinesRecords(file), options, WORDING.json);
        return jsonLinesSource(file);
      case "json":
        return await converted(file, jsonDocumentRecords(file, size), options, WORDING.json);
      case "parquet": {
        // Few commands read Parquet, and its reader takes longer to load than the rest of this folder.
        const { parquetRecords } = await import("./parquet.ts");
        return await converted(file, parquetRecords(file, size), options, WORDING.parquet);
      }
      case "gzip": {
        // A file may unpack to itself without end.
        if (wasGzip) {
          throw new AbtieError("data", `${file.path} is gzip inside gzip. Unpack it once: gunzip -c OLD > NEW.`);
        }
        const unpacked = await unpackGzip(file, options.signal);
        await file.handle.close();
        return await sourceOf(unpacked, options, true);
      }
      case "refused":
        throw new AbtieError(
          "data",
          `${file.path} is ${is.found}. Expected CSV, JSON Lines, JSON or Parquet, each also packed with gzip. ${is.remedy}`,
        );
      default:
        return is satisfies never;
    }
  } catch (error) {
    await file.handle.close();
    throw error;
  }
}

async function beginsWithRanked(file: OpenFile): Promise<boolean> {
  try {
    for await (const record of jsonLinesRecords(file)) return isRanked(record);
    return false;
  } catch (error) {
    if (!(error instanceof AbtieError)) throw explainFileError("read", file.path, error);
    // The scan in place tells everything that is wrong with the file.
    return false;
  }
}

async function converted(
  file: OpenFile,
  records: AsyncIterable<object>,
  { signal, limit = Number.POSITIVE_INFINITY }: OpenOptions,
  wording: Wording,
): Promise<Source> {
  const rows = await writeRecords(file, firstOf(rankedAsPairs(records), Math.max(limit, NAMING_RECORDS)), signal);
  await file.handle.close();
  return jsonLinesSource(rows, wording);
}

async function* firstOf(records: AsyncIterable<object>, limit: number): AsyncGenerator<object> {
  let taken = 0;
  for await (const record of records) {
    yield record;
    taken += 1;
    if (taken >= limit) return;
  }
}
