import { access, readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { writeAtomic } from "../files/atomic.ts";
import { MARK_FILE } from "./home.ts";

const markSchema = z.object({ recipe: z.int(), made: z.string(), contents: z.record(z.string(), z.string()) });

/** What the mark of a finished folder says: by which recipe, when (ISO date), and what is in it by name and version. */
export type Mark = z.output<typeof markSchema>;

/** Reads the mark of a folder; null when there is none, or one that cannot be understood. */
export async function readMark(folder: string): Promise<Mark | null> {
  try {
    return markSchema.parse(JSON.parse(await readFile(join(folder, MARK_FILE), "utf8")));
  } catch {
    return null;
  }
}

/** Writes the mark; it must be the last file that a folder gets. */
export async function writeMark(folder: string, mark: Mark): Promise<void> {
  await writeAtomic(join(folder, MARK_FILE), `${JSON.stringify(mark, null, 2)}\n`);
}

/**
 * Tells whether a folder is whole and made by this recipe or a newer one, with the named file in it. The file must be named because
 * a virtual environment breaks when the Python that it was made from is removed.
 */
export async function isWhole(folder: string, recipe: number, file: string): Promise<boolean> {
  const mark = await readMark(folder);
  if (mark === null || mark.recipe < recipe) return false;
  return access(join(folder, file)).then(
    () => true,
    () => false,
  );
}
