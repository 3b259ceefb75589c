import { stat, statfs } from "node:fs/promises";
import { dirname } from "node:path";
import { AbtieError } from "../errors.ts";

/**
 * Space (bytes) that is needed in each of the folders. If several of them are on one disk, it is needed there only
 * once.
 */
interface Need {
  readonly bytes: number;
  readonly folders: readonly string[];
  /** The purpose, as a text that follows "to": "install vLLM". */
  readonly purpose: string;
}

/**
 * Checks that every disk has enough space, before a long download begins. Throws an AbtieError("engine") that names the
 * folder.
 */
export async function ensureSpace({ bytes, folders, purpose }: Need): Promise<void> {
  for (const folder of folders) {
    const place = await existingPart(folder);
    const { bavail, bsize } = await statfs(place);
    const free = bavail * bsize;
    if (free >= bytes) continue;
    throw new AbtieError(
      "engine",
      `not enough disk space to ${purpose}: ${folder} needs about ${gigabytes(bytes)}, and its disk has ${gigabytes(free)} free. Free some space, or set ABTIE_HOME and UV_CACHE_DIR to folders on a larger disk.`,
    );
  }
}

async function existingPart(folder: string): Promise<string> {
  for (let place = folder; ; place = dirname(place)) {
    const found = await stat(place).catch(() => null);
    if (found !== null || place === dirname(place)) return place;
  }
}

function gigabytes(bytes: number): string {
  return `${(bytes / 1e9).toFixed(1)} GB`;
}
