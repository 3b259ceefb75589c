import { createHash, randomUUID } from "node:crypto";
import { basename, dirname, join, resolve } from "node:path";
import { AbtieError, systemCode } from "../errors.ts";
import { type Disk, nodeDisk } from "./disk.ts";
import { explainFileError } from "./explain.ts";
import { resolveLinks } from "./resolve-links.ts";
import { syncFolder } from "./sync-folder.ts";

/** The content of a file: a text, or pieces of text or bytes that are written one by one. */
export type Content = string | Iterable<string> | AsyncIterable<string | Uint8Array>;

/** Hash and size that identify a content. */
export interface ContentDigest {
  /** SHA-256, 64 hex digits. */
  readonly sha256: string;
  readonly bytes: number;
}

export interface ReplaceOptions {
  /** Default: the disk of this machine. */
  readonly disk?: Disk | undefined;
  /** With "owner", only the owner can read the file; default "usual". */
  readonly access?: "owner" | "usual";
  /** Called when the whole content is on the disk, before it takes the place of the old one. If it throws, the old file stays. */
  readonly beforeReplace?: (content: ContentDigest) => Promise<void>;
}

/**
 * Replaces a file in one step: at every moment, even after a kill or a power cut, the path has the complete old content
 * or the complete new content. If the write fails, the old file stays and the temporary file is removed. Throws an
 * AbtieError("data") with a remedy when a file operation fails, and any error that the content or `beforeReplace` throws.
 */
export async function replaceFile(path: string, content: Content, options: ReplaceOptions = {}): Promise<void> {
  const { disk = nodeDisk, access = "usual", beforeReplace } = options;
  const target = await findTarget(path, disk);
  const temporary = join(dirname(target), `${temporaryPrefix(target)}${randomUUID()}.tmp`);
  try {
    const digest = await writeDurably(temporary, content, disk, access);
    await beforeReplace?.(digest);
    await disk.rename(temporary, target);
    await syncFolder(dirname(target), disk);
  } catch (error) {
    await disk.rm(temporary, { force: true }).catch(() => {});
    throw explainFileError("write", path, error);
  }
  await removeLeftovers(target, disk).catch(() => {});
}

/** Replaces a file as `replaceFile` does. */
export async function writeAtomic(
  path: string,
  content: Content,
  disk: Disk = nodeDisk,
  access: "owner" | "usual" = "usual",
): Promise<void> {
  await replaceFile(path, content, { disk, access });
}

// A rename replaces whatever has that name: a symbolic link instead of its target, and even /dev/null if the user is
// root.
async function findTarget(path: string, disk: Disk): Promise<string> {
  try {
    if ((await disk.stat(path)).isFile()) return await disk.realpath(path);
  } catch (error) {
    // A link may lead to a file that does not exist yet.
    if (systemCode(error) === "ENOENT") return resolveLinks(resolve(path), disk);
    throw explainFileError("write", path, error);
  }
  // Asked of `path`, because the links of the system to an open pipe, such as /dev/stdout, lead to no path.
  throw new AbtieError("data", `cannot write ${path}: it is a folder, a device or a pipe; name a regular file.`);
}

function temporaryPrefix(path: string): string {
  return `.${basename(path)}.`;
}

async function writeDurably(
  path: string,
  content: Content,
  disk: Disk,
  access: "owner" | "usual",
): Promise<ContentDigest> {
  const hash = createHash("sha256");
  let bytes = 0;
  const file = await disk.open(path, "wx", access === "owner" ? 0o600 : 0o666);
  try {
    for await (const block of inBlocks(content)) {
      hash.update(block);
      bytes += Buffer.byteLength(block);
      await file.appendFile(block);
    }
    await file.sync();
  } finally {
    await file.close();
  }
  return { sha256: hash.digest("hex"), bytes };
}

const BLOCK_CHARACTERS = 1 << 18;

// One system call for each row would take longer than computing the rows.
async function* inBlocks(content: Content): AsyncGenerator<string | Uint8Array> {
  if (typeof content === "string") {
    yield content;
    return;
  }
  let pieces: string[] = [];
  let characters = 0;
  for await (const piece of content) {
    if (typeof piece !== "string") {
      yield piece;
      continue;
    }
    pieces.push(piece);
    characters += piece.length;
    if (characters >= BLOCK_CHARACTERS) {
      yield pieces.join("");
      pieces = [];
      characters = 0;
    }
  }
  if (pieces.length > 0) yield pieces.join("");
}

const LEFTOVER_AGE_MS = 600_000;

// A killed process leaves its temporary file. Its age is the difference to the time of the file that was just written,
// and both times come from the clock of the file system. So the temporary file of a process that still writes on
// another machine is never removed, even if the clock of that machine is wrong.
async function removeLeftovers(path: string, disk: Disk): Promise<void> {
  const folder = dirname(path);
  const { mtimeMs } = await disk.stat(path);
  for (const name of await disk.readdir(folder)) {
    if (!name.startsWith(temporaryPrefix(path)) || !name.endsWith(".tmp")) continue;
    const leftover = join(folder, name);
    const age = mtimeMs - (await disk.stat(leftover)).mtimeMs;
    if (age > LEFTOVER_AGE_MS) await disk.rm(leftover, { force: true });
  }
}
