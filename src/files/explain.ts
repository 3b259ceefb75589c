import { AbtieError } from "../errors.ts";

/**
 * Turns the error of a failed file operation into an AbtieError("data") with a remedy. Returns any other error
 * unchanged, because it does not concern the file. `action` is a text that follows "cannot", for example "write" or
 * "read".
 */
export function explainFileError(action: string, path: string, error: unknown): unknown {
  if (!isSystemError(error)) return error;
  const remedy = REMEDIES[error.code] ?? `the system reports: ${error.message}.`;
  return new AbtieError("data", `cannot ${action} ${path} (${error.code}): ${remedy}`, { cause: error });
}

interface SystemError extends Error {
  readonly code: string;
  readonly syscall: string;
}

function isSystemError(error: unknown): error is SystemError {
  return error instanceof Error && "syscall" in error && "code" in error && typeof error.code === "string";
}

const REMEDIES: Readonly<Record<string, string>> = {
  EACCES: "permission denied; change the permissions of the file and its folder, or choose another path.",
  EBUSY: "another program uses it; close that program, or choose another path.",
  EDQUOT: "the disk quota is used up; free some space, or choose a path on another disk.",
  EEXIST: "another file has that name; move it, or choose another path.",
  EFBIG: "it is larger than this file system allows; choose a path on another disk.",
  EIO: "the disk reports an input/output error; check the disk, or choose a path on another disk.",
  EISDIR: "it is a folder, but a file was expected; name a file.",
  ELOOP: "its symbolic links lead in a circle; correct them, or choose another path.",
  EMFILE: "too many files are open; raise the limit (ulimit -n).",
  ENAMETOOLONG: "the name is too long; choose a shorter one.",
  ENFILE: "too many files are open on this machine; close other programs.",
  ENOENT: "the file or its folder does not exist; check the path, or create the folder.",
  ENOSPC: "the disk is full; free some space, or choose a path on another disk.",
  ENOTDIR: "a part of the path is a file, not a folder; check the path.",
  EPERM: "the operation is not permitted; change the permissions of the file and its folder, or choose another path.",
  EROFS: "the file system is read-only; choose a path on another disk.",
};
