import type { Disk } from "./disk.ts";
import { explainFileError } from "./explain.ts";

const BLOCK_BYTES = 1 << 18;

/** Reads a file from its beginning, one block in memory at a time. Throws AbtieError("data") when the file cannot be read. */
export async function* readBlocks(path: string, disk: Disk): AsyncGenerator<Buffer> {
  try {
    const file = await disk.open(path, "r");
    try {
      for (;;) {
        const buffer = Buffer.allocUnsafe(BLOCK_BYTES);
        const { bytesRead } = await file.read(buffer, 0, BLOCK_BYTES, null);
        if (bytesRead === 0) return;
        yield buffer.subarray(0, bytesRead);
      }
    } finally {
      await file.close();
    }
  } catch (error) {
    throw explainFileError("read", path, error);
  }
}
