import { basename, dirname, join } from "node:path";
import { z } from "zod";
import type { Config } from "../config/config.ts";
import { AbtieError, systemCode } from "../errors.ts";
import { type ContentDigest, writeAtomic } from "../files/atomic.ts";
import type { Disk } from "../files/disk.ts";
import { exists, meansMissing } from "../files/exists.ts";
import { explainFileError } from "../files/explain.ts";
import { sha256OfFile } from "../files/hash.ts";
import { parseJson } from "../files/json-lines.ts";
import { isUsualOutput } from "./file-names.ts";

/** The files of one run that decide who owns its submission. */
type Owned = Pick<Config, "output" | "runFolder">;

const RECORD = "published.json";
/** Each failed attempt to write the submission adds a version. */
const MOST_VERSIONS = 8;

const recordSchema = z.strictObject({
  format: z.literal(1),
  versions: z.array(z.strictObject({ sha256: z.string(), bytes: z.int().nonnegative() })).readonly(),
});
/** A record outside its run folder names it. */
const spareSchema = recordSchema.extend({ run: z.string() });
type Spare = z.infer<typeof spareSchema>;

/**
 * Call this before the first write of a run. Throws AbtieError("config") when the output exists and this run did not
 * write it: a file of the user, or the submission of another run folder. The run knows its own submission by the hash in
 * its folder, so both may be moved.
 */
export async function refuseForeignOutput(owned: Owned, disk: Disk): Promise<void> {
  const { output, runFolder } = owned;
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

async function isOwn(owned: Owned, disk: Disk): Promise<boolean> {
  if (await isUsual(owned, disk)) return true;
  const { output } = owned;
  const status = await disk.stat(output);
  // A folder, a device or a pipe is not replaced; the write explains it.
  if (!status.isFile()) return true;
  const recorded = [...(await readRecord(owned.runFolder, disk)), ...(await readSpare(owned, disk))];
  const candidates = recorded.filter(({ bytes }) => bytes === status.size);
  if (candidates.length === 0) return false;
  const found = await sha256OfFile(output, disk);
  return candidates.some((candidate) => candidate.sha256 === found);
}

/** The usual submission belongs to the run whose manifest lies beside it. */
async function isUsual({ output, runFolder }: Owned, disk: Disk): Promise<boolean> {
  return isUsualOutput({ output, runFolder }) && exists(join(runFolder, "manifest.json"), disk);
}

/** Remembers the versions of a submission before each is put in place, so that a kill at any moment leaves its hash. */
export interface Ownership {
  /**
   * Call this before a version replaces the submission. When the run folder takes no record, a hidden file beside the submission
   * takes it. Throws AbtieError("data") when neither does: a later start could not know the version as its own.
   */
  readonly announce: (content: ContentDigest) => Promise<void>;
  /** Call this after the announced version is in place. */
  readonly confirm: () => void;
}

/** Creates the memory of one run. The caller holds the locks of the run folder and of the submission. */
export function createOwnership(owned: Owned, disk: Disk): Ownership {
  const { runFolder } = owned;
  const spare = spareOf(owned);
  let versions: readonly ContentDigest[] | null = null;
  let hasSpare = true;
  const write = async (record: Omit<Spare, "run">): Promise<void> => {
    try {
      await writeAtomic(join(runFolder, RECORD), `${JSON.stringify(record)}\n`, disk, "owner");
    } catch (error) {
      if (!(error instanceof AbtieError)) throw error;
      // When the disk does not say, the spare is tried.
      if (await isUsual(owned, disk).catch(() => false)) return;
      hasSpare = true;
      await writeAtomic(spare, `${JSON.stringify({ ...record, run: runFolder })}\n`, disk, "owner");
      return;
    }
    // One that cannot be removed names a version that is no longer in place.
    if (hasSpare) await disk.rm(spare, { force: true }).catch(() => {});
    hasSpare = false;
  };
  return {
    announce: async (next) => {
      versions ??= [...(await readRecord(runFolder, disk)), ...(await readSpare(owned, disk))];
      versions = [...versions.filter((version) => version.sha256 !== next.sha256), next].slice(-MOST_VERSIONS);
      await write({ format: 1, versions });
    },
    confirm: () => {
      versions = versions?.slice(-1) ?? null;
    },
  };
}

async function readRecord(runFolder: string, disk: Disk): Promise<readonly ContentDigest[]> {
  return (await readJson(join(runFolder, RECORD), recordSchema, disk))?.versions ?? [];
}

/** Names the file beside the submission that takes the record when the run folder, which may lie on another disk, does not. */
function spareOf({ output }: Pick<Owned, "output">): string {
  return join(dirname(output), `.${basename(output)}.${RECORD}`);
}

async function readSpare(owned: Owned, disk: Disk): Promise<readonly ContentDigest[]> {
  const record = await readJson(spareOf(owned), spareSchema, disk);
  return record?.run === owned.runFolder ? record.versions : [];
}

async function readJson<T>(path: string, schema: z.ZodType<T>, disk: Disk): Promise<T | undefined> {
  const text = await disk.readFile(path, "utf8").catch((error: unknown) => {
    if (meansMissing(error) || systemCode(error) === "EISDIR") return "null";
    // A record that cannot be read now says nothing about the owner.
    throw explainFileError("read", path, error);
  });
  return schema.safeParse(parseJson(text)).data;
}
