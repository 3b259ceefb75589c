import type { Random } from "../random.ts";

/** A file, or a folder, as the memory of the machine holds it and as the disk holds it. */
export interface Node {
  readonly number: number;
  readonly isFolder: boolean;
  /** Grows with every change. */
  version: number;
  mtimeMs: number;
  /** The content that every process reads. */
  bytes: Buffer;
  /** The content that a power cut leaves at least, and the changes since, of which it leaves the first few. */
  durable: Buffer;
  unsynced: Change[];
}

type Change =
  | { readonly kind: "write"; readonly position: number; readonly bytes: Buffer }
  | { readonly kind: "truncate"; readonly size: number };

/** A change of names: each has a new node, or none. All names of a change are changed together. */
interface Renaming {
  readonly names: readonly (readonly [path: string, node: Node | null])[];
}

/** The files of a machine, without processes and time. Paths are absolute and have no links. */
export interface FileTree {
  readonly find: (path: string) => Node | null;
  readonly list: (folder: string) => readonly string[];
  readonly create: (path: string, isFolder: boolean, mtimeMs: number) => Node;
  readonly rename: (from: string, to: string) => void;
  readonly remove: (path: string) => void;
  readonly write: (node: Node, position: number, bytes: Buffer, mtimeMs: number) => void;
  readonly truncate: (node: Node, size: number, mtimeMs: number) => void;
  /** Makes the content of a file durable; of a folder, its names. A journaling file system then has all names durable. */
  readonly sync: (node: Node, path: string) => void;
  /** Every node that may have this path after a power cut; null stands for no file. */
  readonly candidates: (path: string) => readonly (Node | null)[];
  /** Loses what was not synced, as a power cut does. */
  readonly cutPower: (random: Random) => void;
  /** Grows with every change of a file, a name, or of what is durable. */
  readonly version: () => number;
}

/**
 * Makes an empty tree. A change of a name becomes durable in the order of the changes (`ordered`, as on journaling file
 * systems, where the sync of any file does it), or, as POSIX alone promises, by the sync of its folder alone and otherwise in
 * any order.
 */
export function createFileTree(folders: readonly string[], ordered: boolean): FileTree {
  const live = new Map<string, Node>();
  const durable = new Map<string, Node>();
  let renamings: Renaming[] = [];
  let number = 0;
  let version = 0;
  const make = (isFolder: boolean, mtimeMs: number): Node => ({
    number: ++number,
    isFolder,
    version: 0,
    mtimeMs,
    bytes: Buffer.alloc(0),
    durable: Buffer.alloc(0),
    unsynced: [],
  });
  for (const path of folders) {
    const folder = make(true, 0);
    live.set(path, folder);
    durable.set(path, folder);
  }
  const change = (...names: Renaming["names"]): void => {
    version += 1;
    for (const [path, node] of names) set(live, path, node);
    renamings.push({ names });
  };
  const replay = (some: readonly Renaming[]): void => {
    for (const { names } of some) for (const [path, node] of names) set(durable, path, node);
  };
  const candidates = (path: string): readonly (Node | null)[] => {
    const parent = parentOf(path);
    const isParentSafe = parent === "" || !candidates(parent).includes(null);
    return [
      ...(isParentSafe ? [] : [null]),
      durable.get(path) ?? null,
      ...renamings.flatMap(({ names }) => names.filter(([name]) => name === path).map(([, node]) => node)),
    ];
  };
  return {
    find: (path) => live.get(path) ?? null,
    list: (folder) =>
      [...live.keys()]
        .filter((path) => parentOf(path) === folder)
        .map((path) => path.slice(folder.length + 1))
        .sort(),
    create: (path, isFolder, mtimeMs) => {
      const node = make(isFolder, mtimeMs);
      change([path, node]);
      return node;
    },
    rename: (from, to) => {
      const node = live.get(from) ?? null;
      const inside = [...live].filter(([path]) => path.startsWith(`${from}/`));
      const moved = inside.map(([path, child]) => [`${to}${path.slice(from.length)}`, child] as const);
      change([from, null], [to, node], ...inside.map(([path]) => [path, null] as const), ...moved);
    },
    remove: (path) => change([path, null]),
    write: (node, position, bytes, mtimeMs) => {
      version += 1;
      node.bytes = written(node.bytes, position, bytes);
      node.unsynced.push({ kind: "write", position, bytes: Buffer.from(bytes) });
      node.version += 1;
      node.mtimeMs = mtimeMs;
    },
    truncate: (node, size, mtimeMs) => {
      version += 1;
      node.bytes = truncated(node.bytes, size);
      node.unsynced.push({ kind: "truncate", size });
      node.version += 1;
      node.mtimeMs = mtimeMs;
    },
    sync: (node, path) => {
      version += 1;
      if (!node.isFolder) {
        node.durable = node.bytes;
        node.unsynced = [];
        node.version += 1;
      }
      if (!ordered && !node.isFolder) return;
      const isDone = ({ names }: Renaming): boolean => ordered || names.some(([name]) => parentOf(name) === path);
      replay(renamings.filter(isDone));
      renamings = renamings.filter((renaming) => !isDone(renaming));
    },
    candidates,
    cutPower: (random) => {
      version += 1;
      const count = Math.floor(random.uniform() * (renamings.length + 1));
      replay(ordered ? renamings.slice(0, count) : renamings.filter(() => random.chance(0.5)));
      renamings = [];
      live.clear();
      for (const [path, node] of durable) if (hasParents(path, durable)) live.set(path, node);
      durable.clear();
      for (const [path, node] of live) durable.set(path, node);
      for (const node of new Set(live.values())) if (!node.isFolder) tear(node, random);
    },
    version: () => version,
  };
}

/** Leaves the first few of the changes that were not synced, and a part of the next one. */
function tear(node: Node, random: Random): void {
  const count = Math.floor(random.uniform() * (node.unsynced.length + 1));
  let { durable: bytes } = node;
  for (const change of node.unsynced.slice(0, count)) {
    bytes = change.kind === "truncate" ? truncated(bytes, change.size) : written(bytes, change.position, change.bytes);
  }
  const next = node.unsynced[count];
  if (next?.kind === "write") {
    const part = next.bytes.subarray(0, Math.floor(random.uniform() * (next.bytes.length + 1)));
    bytes = written(bytes, next.position, part);
    // Some file systems store the new size before the content: the rest reads as zeros.
    if (random.chance(0.2)) bytes = truncated(bytes, Math.max(bytes.length, next.position + next.bytes.length));
  }
  node.bytes = bytes;
  node.durable = bytes;
  node.unsynced = [];
  node.version += 1;
}

function written(bytes: Buffer, position: number, more: Buffer): Buffer {
  if (position === bytes.length) return Buffer.concat([bytes, more]);
  const whole = truncated(bytes, Math.max(bytes.length, position + more.length));
  more.copy(whole, position);
  return whole;
}

/** Returns a copy of this size; what it has more reads as zeros. */
function truncated(bytes: Buffer, size: number): Buffer {
  const copy = Buffer.alloc(size);
  bytes.copy(copy, 0, 0, size);
  return copy;
}

function set(names: Map<string, Node>, path: string, node: Node | null): void {
  if (node === null) names.delete(path);
  else names.set(path, node);
}

function hasParents(path: string, names: ReadonlyMap<string, Node>): boolean {
  const parent = parentOf(path);
  return parent === "" || (names.has(parent) && hasParents(parent, names));
}

export function parentOf(path: string): string {
  return path.slice(0, path.lastIndexOf("/"));
}
