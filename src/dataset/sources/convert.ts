import { randomUUID } from "node:crypto";
import { type FileHandle, open, unlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import { AbtieError, messageOf } from "../../errors.ts";
import { explainFileError } from "../../files/explain.ts";
import { createDigest, digestOf } from "./digest.ts";
import { type OpenFile, readByPosition } from "./open-file.ts";
import type { FileDigest } from "./source.ts";

/** Unpacks a gzip file into a temporary file. Throws AbtieError("data") when the archive is damaged. */
export async function unpackGzip(file: OpenFile, signal: AbortSignal | undefined): Promise<OpenFile> {
  const digest = createDigest(file.digest);
  const packed = file.handle.createReadStream({ start: 0, autoClose: false });
  packed.on("data", (chunk) => digest.add(chunk as Buffer));
  const unpacked = packed.pipe(createGunzip());
  packed.on("error", (error) => unpacked.destroy(error));
  waitForReader(unpacked);
  try {
    return await writeTemporary(file.path, unpacked, digest.digest, signal);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && String(error.code).startsWith("Z_"))) throw error;
    throw new AbtieError(
      "data",
      `${file.path}: the gzip data is damaged or cut short (${messageOf(error)}). Copy or download the file again.`,
      { cause: error },
    );
  } finally {
    packed.destroy();
  }
}

/** Copies a stream into a temporary file, because rows are read by position. `path` is the path for messages. */
export async function copyStream(path: string, stream: Readable, signal: AbortSignal | undefined): Promise<OpenFile> {
  const digest = createDigest();
  waitForReader(stream);
  async function* hashed(): AsyncGenerator<Buffer> {
    for await (const chunk of stream) {
      digest.add(chunk as Buffer);
      yield chunk as Buffer;
    }
  }
  return writeTemporary(path, hashed(), digest.digest, signal);
}

/** Writes records as JSON Lines into a temporary file. Whole numbers beyond 2^53 become texts without loss. */
export async function writeRecords(
  original: OpenFile,
  records: AsyncIterable<object>,
  signal: AbortSignal | undefined,
): Promise<OpenFile> {
  async function* lines(): AsyncGenerator<Buffer> {
    let block: string[] = [];
    let length = 0;
    for await (const record of records) {
      const line = `${JSON.stringify(record, jsonValue)}\n`;
      block.push(line);
      length += line.length;
      if (length < BLOCK_CHARACTERS) continue;
      yield Buffer.from(block.join(""));
      block = [];
      length = 0;
    }
    yield Buffer.from(block.join(""));
  }
  const digest = await digestOf(original, signal);
  return writeTemporary(original.path, lines(), () => digest, signal);
}

/** A stream may fail before its reader begins. The reader gets the error too, so the event itself must not end the program. */
function waitForReader(stream: Readable): void {
  stream.on("error", () => {});
}

const BLOCK_CHARACTERS = 1 << 20;

function jsonValue(_key: string, value: unknown): unknown {
  return typeof value === "bigint" ? String(value) : value;
}

/**
 * Writes a temporary file and opens it. `digest` gives the digest of the original when all chunks are read. The name of the
 * file is removed at once, so the system frees its space when the program ends in any way.
 */
async function writeTemporary(
  path: string,
  chunks: AsyncIterable<Buffer>,
  digest: () => FileDigest,
  signal: AbortSignal | undefined,
): Promise<OpenFile> {
  const temporary = join(tmpdir(), `abtie-${randomUUID()}.rows`);
  let handle: FileHandle | null = null;
  try {
    handle = await open(temporary, "wx+", 0o600);
    await unlink(temporary);
    for await (const chunk of chunks) {
      signal?.throwIfAborted();
      // `write` may write a part of the chunk only.
      await handle.appendFile(chunk);
    }
    return await readByPosition(path, handle, digest());
  } catch (error) {
    await handle?.close();
    throw explainFileError(`convert ${path} into`, temporary, error);
  }
}
