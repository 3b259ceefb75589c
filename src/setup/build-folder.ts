import { randomUUID } from "node:crypto";
import { mkdir, readdir, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { systemCode } from "../errors.ts";
import { type Mark, writeMark } from "./mark.ts";
import type { Work } from "./work.ts";

/**
 * Makes a folder in one step: `build` fills a temporary one and says what is in it, the mark is written last, then the folder takes its
 * place by a rename. Killed at any moment, this leaves the old folder or the new one, or none, but never half of one.
 */
export async function buildFolder(
  work: Pick<Work, "home" | "clock">,
  folder: string,
  recipe: number,
  build: (temporary: string) => Promise<Mark["contents"]>,
): Promise<void> {
  const temporary = temporaryPath(work.home, basename(folder));
  try {
    await mkdir(temporary, { recursive: true });
    const contents = await build(temporary);
    await writeMark(temporary, { recipe, made: new Date(work.clock.now()).toISOString(), contents });
    await replaceFolder(work.home, temporary, folder);
  } catch (error) {
    await rm(temporary, { recursive: true, force: true }).catch(() => {});
    throw error;
  }
}

/** Removes what killed setups left; to be called with the lock held, when everything that is there was left. */
export async function removeLeftovers(home: string): Promise<void> {
  const names = await readdir(join(home, "tmp")).catch(() => []);
  for (const name of names) await rm(join(home, "tmp", name), { recursive: true, force: true }).catch(() => {});
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
