import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";

/** Makes a folder that is removed when the test ends. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "abtie-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** Writes a file that is removed when the test ends, and returns its path, which ends in rows.csv. */
export async function temporaryFile(content: string | Uint8Array): Promise<string> {
  const path = join(await temporaryFolder(), "rows.csv");
  await writeFile(path, content);
  return path;
}
