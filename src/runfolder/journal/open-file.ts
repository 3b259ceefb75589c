import { constants } from "node:fs/promises";
import { dirname } from "node:path";
import { type Disk, type DiskFile, nodeDisk } from "../../files/disk.ts";
import { explainFileError } from "../../files/explain.ts";
import { syncFolder } from "../../files/sync-folder.ts";

/**
 * The operations on a file that the journal uses. Every write names its position, so that a write that failed midway
 * can be repeated.
 */
export type JournalFile = Pick<DiskFile, "write" | "datasync" | "close">;

export interface OpenedFile {
  readonly file: JournalFile;
  /** Position at which the next line begins, bytes. */
  readonly size: number;
  /** Number of bytes that were cut off from an unfinished last line. */
  readonly cut: number;
}

/**
 * Opens a journal for appending, and creates it if it does not exist. Cuts off a last line without newline: the process
 * that wrote it was killed, and the next line must not be appended to it. Throws AbtieError("data").
 */
export async function openJournalFile(path: string, disk: Disk = nodeDisk): Promise<OpenedFile> {
  let file: DiskFile | undefined;
  try {
    file = await disk.open(path, constants.O_RDWR | constants.O_CREAT, 0o600);
    const { size: found } = await file.stat();
    const size = await endOfLastLine(file, found);
    if (size < found) await file.truncate(size);
    if (found === 0) await syncFolder(dirname(path), disk);
    return { file, size, cut: found - size };
  } catch (error) {
    await file?.close().catch(() => {});
    throw explainFileError("open", path, error);
  }
}

const BLOCK_BYTES = 1 << 16;
const NEWLINE = 0x0a;

async function endOfLastLine(file: DiskFile, size: number): Promise<number> {
  const block = Buffer.allocUnsafe(BLOCK_BYTES);
  for (let end = size; end > 0; end -= BLOCK_BYTES) {
    const start = Math.max(0, end - BLOCK_BYTES);
    const { bytesRead } = await file.read(block, 0, end - start, start);
    const newline = block.subarray(0, bytesRead).lastIndexOf(NEWLINE);
    if (newline >= 0) return start + newline + 1;
  }
  return 0;
}
