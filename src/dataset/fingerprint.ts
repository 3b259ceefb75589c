import { createHash } from "node:crypto";
import type { Turn } from "../types.ts";

/** Computes a short stand-in for a text's turns (SHA-256 in base64), so that those of 250,000 rows fit in memory. */
export function fingerprint(turns: readonly Turn[]): string {
  // JSON keeps turns apart and writes lone surrogates as escapes, so no two texts share their bytes.
  return createHash("sha256").update(JSON.stringify(turns), "utf8").digest("base64");
}
