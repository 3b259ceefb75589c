import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import { explainFileError } from "./explain.ts";

/**
 * Computes the SHA-256 of a file as 64 hex digits, in constant memory. Throws an AbtieError("data") when the file
 * cannot be read.
 */
export async function sha256OfFile(path: string): Promise<string> {
  const hash = createHash("sha256");
  try {
    await pipeline(createReadStream(path), hash);
  } catch (error) {
    throw explainFileError("read", path, error);
  }
  return hash.digest("hex");
}

/** Computes the SHA-256 of a text's UTF-8 bytes as 64 hex digits; each lone surrogate counts as U+FFFD. */
export function sha256(text: string): string {
  return createHash("sha256").update(text, "utf8").digest("hex");
}
