import type { Disk, DiskFile } from "../../../src/files/disk.ts";
import type { Random } from "../random.ts";
import { type DiskFault, durationOf, errorOf, failure } from "./disk-faults.ts";
import { type FileTree, type Node, parentOf } from "./files.ts";
import { modeOf, type OpenMode } from "./open-mode.ts";
import type { Process, World } from "./world.ts";

/** What a process asks of the disk, when it asks and when it is done. */
export interface Operation {
  readonly process: Process;
  readonly kind: string;
  readonly path: string;
  readonly changes: boolean;
}

/** The disk of a simulated machine. */
export interface SimulatedDisk {
  readonly of: (process: Process) => Disk;
  /** Decides what becomes of the operations of a process that was killed: each is done, in part for a write, or not. */
  readonly kill: (process: Process) => void;
  /** Loses what no sync has made durable. */
  readonly cutPower: () => void;
  readonly openFiles: (process: Process) => number;
}

export function createDisk(options: {
  readonly world: World;
  readonly tree: FileTree;
  readonly random: Random;
  readonly faults: readonly DiskFault[];
  /** True when the disk does not misbehave any more. */
  readonly isCalm: () => boolean;
  readonly onBegin: (operation: Operation) => void;
  readonly onDone: (operation: Operation, error: unknown) => void;
}): SimulatedDisk {
  const { world, tree, random, faults, isCalm, onBegin, onDone } = options;
  const running = new Set<Running>();
  const handles = new Map<Process, number>();
  // Names with random parts get numbers, so that the same seed gives the same names.
  const uuids = new Map<string, string>();
  const named = (path: string): string =>
    path.replace(UUID, (uuid) => {
      const known = uuids.get(uuid) ?? `unique-${uuids.size + 1}`;
      uuids.set(uuid, known);
      return known;
    });

  /** Starts an operation. `act` does all of it, or, with a share below 1, a part; it gets the error that it must end with. */
  function start<T>(process: Process, kind: string, path: string, act: (share: number, error: string | null) => T) {
    const operation: Operation = { process, kind, path, changes: CHANGING.has(kind) };
    onBegin(operation);
    const active = isCalm() ? [] : faults.filter(({ at, ms }) => world.now() >= at && world.now() < at + ms);
    return new Promise<T>((resolve, reject) => {
      const error = errorOf(operation, active, random);
      const share = error === null ? 1 : random.uniform();
      const entry: Running = { process, name: `${kind} ${path}`, end: () => {}, act: (part) => void act(part, null) };
      running.add(entry);
      const cancel = world.at(world.now() + durationOf(kind, active, world.now(), random), null, () => {
        running.delete(entry);
        let result: { readonly value: T } | { readonly error: unknown };
        try {
          result = { value: act(share, error) };
        } catch (thrown) {
          result = { error: thrown };
        }
        const failed = "error" in result ? result.error : null;
        const code =
          failed instanceof Error && "code" in failed ? ` ${String(failed.code)}` : failed === null ? "" : " ?";
        world.trace(`${process.name} ${kind} ${path}${code}`);
        onDone(operation, failed);
        // The system is done; a stopped process hears of it when it goes on.
        const settle = (): void => ("error" in result ? reject(result.error) : resolve(result.value));
        if (process.stoppedUntil <= world.now()) settle();
        else world.at(world.now(), process, settle);
      });
      entry.end = cancel;
    });
  }

  function viewOf(process: Process): Disk {
    const run = <T>(kind: string, path: string, act: (share: number) => T): Promise<T> =>
      start(process, kind, path, (share, error) => {
        if (error !== null) throw failure(error, kind, path);
        return act(share);
      });
    const existing = (path: string, kind: string): Node => {
      const node = tree.find(path);
      if (node === null) throw failure("ENOENT", kind, path);
      return node;
    };
    const removeNode = (path: string, kind: string, isFolder: boolean): void => {
      if (existing(path, kind).isFolder !== isFolder) throw failure(isFolder ? "ENOTDIR" : "EISDIR", kind, path);
      if (isFolder && tree.list(path).length > 0) throw failure("ENOTEMPTY", kind, path);
      tree.remove(path);
    };
    const openNode = (path: string, { writes, creates, truncates, exclusive }: OpenMode): Node => {
      const found = tree.find(path);
      if (found !== null && exclusive) throw failure("EEXIST", "open", path);
      if (found?.isFolder === true && writes) throw failure("EISDIR", "open", path);
      if (found !== null) {
        if (truncates && found.bytes.length > 0) tree.truncate(found, 0, world.wall());
        return found;
      }
      if (!creates || tree.find(parentOf(path))?.isFolder !== true) throw failure("ENOENT", "open", path);
      return tree.create(path, false, world.wall());
    };

    const fileOf = (node: Node, path: string): DiskFile => {
      let position = 0;
      handles.set(process, (handles.get(process) ?? 0) + 1);
      /** Writes a part of the bytes; a disk that is full takes a part of them and then fails. */
      const writeAll = (kind: string, bytes: () => Buffer, at: () => number): Promise<number> =>
        start(process, kind, path, (share, error) => {
          const whole = bytes();
          const part = share === 1 ? whole : whole.subarray(0, Math.floor(share * whole.length));
          const isTaken = error === null || error === "ENOSPC" || error === "EDQUOT";
          if (isTaken && part.length > 0) tree.write(node, at(), part, world.wall());
          if (error !== null && (kind !== "write" || part.length === 0 || !isTaken)) throw failure(error, kind, path);
          return isTaken ? part.length : 0;
        });
      return {
        read: async (buffer, offset, length, from) =>
          run("read", path, () => {
            const begin = from ?? position;
            const bytesRead = node.bytes.copy(buffer, offset, begin, begin + length);
            if (from === null) position += bytesRead;
            return { bytesRead };
          }),
        write: async (buffer, offset, length, at) => {
          const bytes = Buffer.from(buffer.subarray(offset, offset + length));
          const some = random.chance(0.05) ? Math.ceil(random.uniform() * length) : length;
          return {
            bytesWritten: await writeAll(
              "write",
              () => bytes.subarray(0, some),
              () => at,
            ),
          };
        },
        appendFile: async (content) => {
          const bytes = typeof content === "string" ? Buffer.from(content, "utf8") : Buffer.from(content);
          const begin = position;
          position += bytes.length;
          await writeAll(
            "append",
            () => bytes,
            () => begin,
          );
        },
        truncate: (size) => run("truncate", path, () => tree.truncate(node, size, world.wall())),
        stat: () => run("stat", path, () => ({ size: node.bytes.length })),
        sync: () => run("sync", path, () => tree.sync(node, path)),
        datasync: () => run("sync", path, () => tree.sync(node, path)),
        close: async () => {
          handles.set(process, (handles.get(process) ?? 0) - 1);
        },
      };
    };

    return {
      open: async (path, flags) => {
        const name = named(path);
        const mode = modeOf(flags);
        const kind = mode.creates && tree.find(name) === null ? "create" : mode.writes ? "open to write" : "open";
        const node = await run(kind, name, () => openNode(name, mode));
        return fileOf(node, name);
      },
      readFile: (path) =>
        run("read", named(path), () => {
          const node = existing(named(path), "open");
          if (node.isFolder) throw failure("EISDIR", "read", path);
          return node.bytes.toString("utf8");
        }),
      rename: (from, to) =>
        run("rename", `${named(from)} to ${named(to)}`, () => {
          const node = existing(named(from), "rename");
          const target = tree.find(named(to));
          if (target !== null && target.isFolder !== node.isFolder) throw failure("EEXIST", "rename", to);
          if (node.isFolder && tree.list(named(to)).length > 0) throw failure("ENOTEMPTY", "rename", to);
          tree.rename(named(from), named(to));
        }),
      rm: (path, { force } = { force: false }) =>
        run("rm", named(path), () => {
          if (!force || tree.find(named(path)) !== null) removeNode(named(path), "rm", false);
        }),
      mkdir: (path, { recursive = false } = {}) =>
        run(recursive && tree.find(path) !== null ? "find folder" : "mkdir", named(path), () =>
          makeFolder(named(path), recursive),
        ),
      rmdir: (path) => run("rmdir", named(path), () => removeNode(named(path), "rmdir", true)),
      readdir: (path) =>
        run("readdir", named(path), () => {
          existing(named(path), "scandir");
          return [...tree.list(named(path))];
        }),
      stat: ((path: string) =>
        run("stat", named(path), () => {
          const { bytes, mtimeMs, isFolder, number } = existing(named(path), "stat");
          return { size: bytes.length, mtimeMs, isFile: () => !isFolder, dev: 1n, ino: BigInt(number) };
        })) as unknown as Disk["stat"],
      utimes: (path, _accessed, changed) =>
        run("utimes", named(path), () => {
          existing(named(path), "utimes").mtimeMs = Math.round(changed * 1_000);
        }),
      realpath: (path) =>
        run("realpath", named(path), () => {
          existing(named(path), "realpath");
          return named(path);
        }),
      readlink: (path) =>
        run("readlink", named(path), (): string => {
          existing(named(path), "readlink");
          throw failure("EINVAL", "readlink", path);
        }),
    };

    function makeFolder(path: string, recursive: boolean): string | undefined {
      const found = tree.find(path);
      if (found !== null && !(recursive && found.isFolder)) throw failure("EEXIST", "mkdir", path);
      if (found !== null) return undefined;
      const parent = parentOf(path);
      if (parent !== "" && tree.find(parent) === null) {
        if (!recursive) throw failure("ENOENT", "mkdir", path);
      }
      const first = parent !== "" && recursive ? makeFolder(parent, true) : undefined;
      tree.create(path, true, world.wall());
      return recursive ? (first ?? path) : undefined;
    }
  }

  return {
    of: viewOf,
    openFiles: (process) => handles.get(process) ?? 0,
    kill: (process) => {
      for (const entry of running) {
        if (entry.process !== process) continue;
        running.delete(entry);
        entry.end();
        const fate = random.uniform();
        world.trace(`${process.name} ${entry.name}: ${fate < 0.3 ? "not done" : fate < 0.6 ? "done in part" : "done"}`);
        if (fate < 0.3) continue;
        try {
          entry.act(fate < 0.6 ? random.uniform() : 1);
        } catch {
          // An operation that fails changes nothing.
        }
      }
    },
    cutPower: () => {
      for (const entry of running) entry.end();
      running.clear();
      handles.clear();
      tree.cutPower(random);
    },
  };
}

interface Running {
  readonly process: Process;
  readonly name: string;
  end: () => void;
  readonly act: (share: number) => void;
}

const UUID = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g;

const CHANGING: ReadonlySet<string> = new Set([
  "create",
  "open to write",
  "write",
  "append",
  "truncate",
  "rename",
  "rm",
  "mkdir",
  "rmdir",
  "utimes",
]);
