import { basename, dirname, resolve } from "node:path";
import { allEnded } from "../all-ended.ts";
import { AbtieError } from "../errors.ts";
import type { Disk } from "./disk.ts";
import { inodeOf } from "./inode.ts";
import { resolveLinks } from "./resolve-links.ts";

/** A file that a command needs: it reads the file, or the file belongs to the run that it works on. */
export interface NamedFile {
  /** The part that the file plays, for messages, for example "the input". */
  readonly role: string;
  readonly path: string;
}

/** A file that a command is about to write. */
export interface NamedOutput extends NamedFile {
  /** What a person does to have another file written, for example "choose another path (-o)". */
  readonly remedy: string;
  /** True when the command keeps this file in the folder that it works on; false or omitted when a person named the file. */
  readonly isOwn?: boolean;
}

/** The files of one call of a command. */
export interface CommandFiles {
  readonly reads: readonly NamedFile[];
  readonly writes: readonly NamedOutput[];
}

/**
 * Call this before the first write of a command. Throws AbtieError("config") with every output that is also a file that the command
 * needs, that is another output of it, or that is one of those that `stateNear` gives for the path of an output, without symbolic
 * links. Two paths that lead to one file through `..`, symbolic links or hard links are the same file. An output named - is
 * refused too: it would be a file of that name, not standard output.
 */
export async function refuseOverwrite(
  { reads, writes }: CommandFiles,
  disk: Disk,
  stateNear: (path: string, isInOwnFolder: boolean) => Promise<readonly NamedFile[]>,
): Promise<void> {
  const dash = writes.find(({ path }) => basename(path) === "-");
  if (dash !== undefined) throw new AbtieError("config", `${dash.role} is -, which names no file: ${dash.remedy}`);
  const outputs = await allEnded(writes.map((file) => identify(file, disk)));
  const own = await ownFolders(writes, disk);
  const states = outputs.map(async ({ resolved, isOwn }) => {
    const isInOwnFolder = own.has(dirname(resolved));
    return isOwn === true && isInOwnFolder ? [] : stateNear(resolved, isInOwnFolder);
  });
  const kept = [...reads, ...(await allEnded(states)).flat()];
  const conflicts = findConflicts(await allEnded(kept.map((file) => identify(file, disk))), outputs);
  const [first] = conflicts;
  if (first === undefined) return;
  if (conflicts.length === 1) throw new AbtieError("config", first);
  throw new AbtieError("config", `${conflicts.length} outputs would overwrite files that are needed`, {
    details: conflicts,
  });
}

/** The folders, without symbolic links, in which a command keeps its own files. A file in them may be a link to another folder. */
async function ownFolders(writes: readonly NamedOutput[], disk: Disk): Promise<ReadonlySet<string>> {
  const folders = new Set(writes.filter(({ isOwn }) => isOwn).map(({ path }) => dirname(resolve(path))));
  return new Set(await allEnded([...folders].map((folder) => resolveLinks(folder, disk))));
}

/** The identity of a file. */
interface Identity {
  /** The path without symbolic links. */
  readonly resolved: string;
  /** As given by `inodeOf`; null for a file that does not exist yet. */
  readonly inode: string | null;
}

async function identify<F extends NamedFile>(file: F, disk: Disk): Promise<F & Identity> {
  const inode = await inodeOf(file.path, disk);
  return { ...file, resolved: await resolveLinks(resolve(file.path), disk), inode };
}

/** Describes each output that is a file of `reads`, and each two outputs that are one file. */
export function findConflicts(
  reads: readonly (NamedFile & Identity)[],
  writes: readonly (NamedOutput & Identity)[],
): readonly string[] {
  return writes.flatMap((write, index) =>
    [...reads, ...writes.slice(index + 1)]
      .filter((other) => isSame(write, other))
      // A file that plays two parts, such as input and labels, is named once.
      .filter((other, at, all) => all.findIndex(({ resolved }) => resolved === other.resolved) === at)
      .map((other) => describeConflict(write, other)),
  );
}

function isSame(one: Identity, other: Identity): boolean {
  return one.resolved === other.resolved || (one.inode !== null && one.inode === other.inode);
}

function describeConflict(write: NamedOutput & Identity, other: NamedFile & Identity): string {
  const { role, path, resolved, remedy } = write;
  const otherPath = other.path === path ? "" : ` ${other.path}`;
  return `${role} ${path} is ${other.role}${otherPath}${explainLinks()}: ${remedy}`;

  function explainLinks(): string {
    if (resolved !== other.resolved) return " (two hard links of one file)";
    return path === resolved && other.path === resolved ? "" : ` (the file is ${resolved})`;
  }
}
