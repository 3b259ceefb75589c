import { createHash } from "node:crypto";
import { type Disk, nodeDisk } from "./disk.ts";
import { readBlocks } from "./read-blocks.ts";

/**
 * Computes the SHA-256 of a file as 64 hex digits, in constant memory. Throws an AbtieError("data") when the file
 * cannot be read.
 */
export async function sha256OfFile(path: string, disk: Disk = nodeDisk): Promise<string> {
  const hash = createHash("sha256");
  for await (const block of readBlocks(path, disk)) hash.update(block);
  return hash.digest("hex");
}

/** Computes the SHA-256 of a text's UTF-8 bytes as 64 hex digits; each lone surrogate counts as U+FFFD. */
export function sha256(text: string): string {
  return createHash("sha256").update(text, "utf8").digest("hex");
}
