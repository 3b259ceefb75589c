import { createHash } from "node:crypto";
import { join } from "node:path";
import { z } from "zod";
import type { Config } from "../config/config.ts";
import { AbtieError } from "../errors.ts";
import { type ContentDigest, writeAtomic } from "../files/atomic.ts";
import type { Disk } from "../files/disk.ts";
import { exists } from "../files/exists.ts";
import { explainFileError } from "../files/explain.ts";
import { parseJson } from "../files/json-lines.ts";
import { isUsualOutput } from "./file-names.ts";

/** The files of one run that decide who owns its submission. */
type Owned = Pick<Config, "output" | "runFolder">;

const RECORD = "published.json";
/** Each failed attempt to write the submission adds a version. */
const MOST_VERSIONS = 8;

const recordSchema = z.strictObject({
  format: z.literal(1),
  versions: z.array(z.strictObject({ sha256: z.string(), bytes: z.int().nonnegative() })),
});

/**
 * Call this before the first write of a run. Throws AbtieError("config") when the output exists and this run did not
 * write it: a file of the user, or the submission of another run folder. The run knows its own submission by the hash in
 * its folder, so both may be moved.
 */
export async function refuseForeignOutput(owned: Owned, disk: Disk): Promise<void> {
  const { output, runFolder } = owned;
  // A file that cannot be looked at counts as missing: the write explains the error.
  if (!(await exists(output, disk)) || (await explained(output, isOwn(owned, disk)))) return;
  throw new AbtieError(
    "config",
    `${output} exists, and the run in ${runFolder} did not write it as it is now: it may be a file of yours, or the submission of ` +
      "another run. Choose another path (-o), or replace the file (--force)",
  );
}

async function explained<T>(path: string, reading: Promise<T>): Promise<T> {
  try {
    return await reading;
  } catch (error) {
    throw explainFileError("read", path, error);
  }
}

async function isOwn({ output, runFolder }: Owned, disk: Disk): Promise<boolean> {
  // The usual submission belongs to the run whose manifest lies beside it.
  if (isUsualOutput({ output, runFolder }) && (await exists(join(runFolder, "manifest.json"), disk))) return true;
  const status = await disk.stat(output);
  // A folder, a device or a pipe is not replaced; the write explains it.
  if (!status.isFile()) return true;
  const candidates = (await readRecord(runFolder, disk)).filter(({ bytes }) => bytes === status.size);
  if (candidates.length === 0) return false;
  const found = await hashOf(output, disk);
  return candidates.some((candidate) => candidate.sha256 === found);
}

/** An output may be larger than memory. */
const CHUNK_BYTES = 1 << 20;

async function hashOf(path: string, disk: Disk): Promise<string> {
  const hash = createHash("sha256");
  const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
  const file = await disk.open(path, "r");
  try {
    for (let read = await file.read(chunk, 0, CHUNK_BYTES, null); read.bytesRead > 0; ) {
      hash.update(chunk.subarray(0, read.bytesRead));
      read = await file.read(chunk, 0, CHUNK_BYTES, null);
    }
  } finally {
    await file.close();
  }
  return hash.digest("hex");
}

/** Remembers the versions of a submission before each is put in place, so that a kill at any moment leaves its hash. */
export interface Ownership {
  /** Call this before a version replaces the submission. A failure of the disk is ignored: the results matter more. */
  readonly announce: (content: ContentDigest) => Promise<void>;
  /** Call this after the announced version is in place. */
  readonly confirm: () => void;
}

/** Creates the memory of one run. The caller holds the lock of the run folder. */
export function createOwnership(runFolder: string, disk: Disk): Ownership {
  let versions: readonly ContentDigest[] | null = null;
  return {
    announce: async (next) => {
      versions ??= await readRecord(runFolder, disk);
      versions = [...versions.filter((version) => version.sha256 !== next.sha256), next].slice(-MOST_VERSIONS);
      const record = { format: 1, versions };
      await writeAtomic(join(runFolder, RECORD), `${JSON.stringify(record)}\n`, disk, "owner").catch(() => {});
    },
    confirm: () => {
      versions = versions?.slice(-1) ?? null;
    },
  };
}

async function readRecord(runFolder: string, disk: Disk): Promise<readonly ContentDigest[]> {
  const text = await disk.readFile(join(runFolder, RECORD), "utf8").catch(() => "null");
  return recordSchema.safeParse(parseJson(text)).data?.versions ?? [];
}
