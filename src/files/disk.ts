import { mkdir, open, readdir, readFile, readlink, realpath, rename, rm, rmdir, stat, utimes } from "node:fs/promises";

/**
 * The disk: the functions of node:fs/promises with which a job reads and writes its run folder and its submission. They are
 * passed in as an effect, so that a simulation can replace the disk by one that fails, tears and fills. A function that fails
 * throws a system error, which has `code` (for example "ENOSPC") and `syscall`.
 */
export interface Disk {
  readonly open: (path: string, flags: string | number, mode?: number) => Promise<DiskFile>;
  readonly readFile: (path: string, encoding: "utf8") => Promise<string>;
  /** Replaces the file `to`. A power cut may undo it until the folder is synced: open the folder, and call `sync`. */
  readonly rename: (from: string, to: string) => Promise<void>;
  readonly rm: (path: string, options?: { readonly force: boolean }) => Promise<void>;
  /**
   * With `recursive`, returns the first folder that it made; undefined when all exist. Without it, throws EEXIST if the path exists,
   * so that only one of several callers can make the folder.
   */
  readonly mkdir: (
    path: string,
    options?: { readonly recursive?: boolean; readonly mode?: number },
  ) => Promise<string | undefined>;
  readonly rmdir: (path: string) => Promise<void>;
  readonly readdir: (path: string) => Promise<string[]>;
  readonly stat: {
    (path: string): Promise<FileStatus>;
    (path: string, options: { readonly bigint: true }): Promise<{ readonly dev: bigint; readonly ino: bigint }>;
  };
  /** Sets the times of last access and last change, in seconds since 1970. */
  readonly utimes: (path: string, accessed: number, changed: number) => Promise<void>;
  readonly realpath: (path: string) => Promise<string>;
  readonly readlink: (path: string) => Promise<string>;
}

/** An open file, or an open folder, of which only `sync` and `close` work. */
export interface DiskFile {
  readonly read: (
    buffer: Buffer,
    offset: number,
    length: number,
    position: number | null,
  ) => Promise<{ readonly bytesRead: number }>;
  readonly write: (
    buffer: Buffer,
    offset: number,
    length: number,
    position: number,
  ) => Promise<{ readonly bytesWritten: number }>;
  /** Writes the whole text (UTF-8) or all bytes behind those that this file was given before. */
  readonly appendFile: (content: string | Uint8Array) => Promise<void>;
  readonly truncate: (bytes: number) => Promise<void>;
  readonly stat: () => Promise<{ readonly size: number }>;
  /** Forces content and entry data onto the disk; `datasync` only what is needed to read the content back. */
  readonly sync: () => Promise<void>;
  readonly datasync: () => Promise<void>;
  readonly close: () => Promise<void>;
}

/** The properties of a file or folder that a job uses. */
export interface FileStatus {
  readonly size: number;
  /** Time of the last change by the clock of the file system, ms since 1970. */
  readonly mtimeMs: number;
  readonly isFile: () => boolean;
}

/** The disk of this machine. */
export const nodeDisk: Disk = {
  open,
  readFile,
  rename,
  rm,
  mkdir,
  rmdir,
  readdir,
  stat,
  utimes,
  realpath,
  readlink,
};
