import { randomUUID } from "node:crypto";
import { mkdir, readdir, readFile, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { z } from "zod";
import { systemCode } from "../errors.ts";
import { writeAtomic } from "../files/atomic.ts";
import { exists } from "../files/exists.ts";
import type { Clock } from "../types.ts";
import { MARK_FILE } from "./home.ts";

const markSchema = z.object({ recipe: z.int(), made: z.string(), contents: z.record(z.string(), z.string()) });

/** The content of MARK_FILE: the number of the recipe, the ISO date, and the version of each thing in the folder. */
type Mark = z.output<typeof markSchema>;

/**
 * Makes a folder in one step. `build` fills a temporary folder and returns the versions of its contents by name; then
 * the mark is written, and last the folder gets its final name. If the process is killed at any moment, the path has
 * the old folder, the new folder or none, but never an incomplete one.
 */
export async function buildFolder(
  { home, clock }: { readonly home: string; readonly clock: Clock },
  folder: string,
  recipe: number,
  build: (temporary: string) => Promise<Mark["contents"]>,
): Promise<void> {
  const temporary = temporaryPath(home, basename(folder));
  try {
    await mkdir(temporary, { recursive: true });
    const contents = await build(temporary);
    const mark: Mark = { recipe, made: new Date(clock.now()).toISOString(), contents };
    await writeAtomic(join(temporary, MARK_FILE), `${JSON.stringify(mark, null, 2)}\n`);
    await replaceFolder(home, temporary, folder);
  } catch (error) {
    await rm(temporary, { recursive: true, force: true }).catch(() => {});
    throw error;
  }
}

/**
 * Checks that a folder is complete, that it was made by this recipe or a newer one, and that it contains the named
 * file. The file is checked because a virtual environment stops working when the Python that it was made from is
 * removed.
 */
export async function isWhole(folder: string, recipe: number, file: string): Promise<boolean> {
  const mark = await readMark(folder);
  if (mark === null || mark.recipe < recipe) return false;
  return exists(join(folder, file));
}

/**
 * Removes the temporary folders of setups that were killed. Only the holder of the lock may call this, before it builds
 * a folder.
 */
export async function removeLeftovers(home: string): Promise<void> {
  const names = await readdir(join(home, "tmp")).catch(() => []);
  for (const name of names) await rm(join(home, "tmp", name), { recursive: true, force: true }).catch(() => {});
}

async function readMark(folder: string): Promise<Mark | null> {
  try {
    return markSchema.parse(JSON.parse(await readFile(join(folder, MARK_FILE), "utf8")));
  } catch {
    return null;
  }
}

async function replaceFolder(home: string, temporary: string, folder: string): Promise<void> {
  const old = temporaryPath(home, "old");
  await mkdir(dirname(folder), { recursive: true });
  await rename(folder, old).catch((error: unknown) => {
    if (systemCode(error) !== "ENOENT") throw error;
  });
  await rename(temporary, folder);
  await rm(old, { recursive: true, force: true });
}

function temporaryPath(home: string, name: string): string {
  return join(home, "tmp", `${name}-${randomUUID()}`);
}
