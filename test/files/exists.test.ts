import { link, mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { type Disk, nodeDisk } from "../../src/files/disk.ts";
import { exists, mayExist } from "../../src/files/exists.ts";
import { inodeOf } from "../../src/files/inode.ts";
import { claimLock, readLock } from "../../src/files/lock-folder.ts";
import { resolveLinks } from "../../src/files/resolve-links.ts";
import { refuseForeignOutput } from "../../src/runfolder/ownership.ts";
import { refuseOutputs } from "../../src/runfolder/refuse-outputs.ts";
import { temporaryFolder } from "../helpers/folder.ts";

/** A disk on which all that looks at `path`, or at what lies in it, fails. */
function failingDisk(code: string, path: string): Disk {
  const failing = (name: "stat" | "realpath" | "readlink" | "readFile") => {
    const real = nodeDisk[name] as (...given: readonly unknown[]) => Promise<never>;
    return async (...given: readonly unknown[]): Promise<never> => {
      if (!String(given[0]).startsWith(path)) return real(...given);
      throw Object.assign(new Error(`${code}: planted, ${name}`), { code, syscall: name });
    };
  };
  return {
    ...nodeDisk,
    stat: failing("stat") as Disk["stat"],
    realpath: failing("realpath"),
    readlink: failing("readlink"),
    readFile: failing("readFile"),
  };
}

const SILENT = ["EIO", "EACCES", "ENAMETOOLONG", "EMFILE", "ESTALE", "EPERM"];

describe.each(SILENT)("a disk that answers with %s says nothing about a file", (code) => {
  const disk = failingDisk(code, "/planted");

  test.each<readonly [string, () => Promise<unknown>]>([
    ["exists", () => exists("/planted", disk)],
    ["inodeOf", () => inodeOf("/planted", disk)],
    ["resolveLinks", () => resolveLinks("/planted/file", disk)],
    ["refuseForeignOutput", () => refuseForeignOutput({ output: "/planted", runFolder: "/run" }, disk)],
    [
      "refuseOutputs",
      () => refuseOutputs({ reads: [], writes: [{ role: "the output", path: "/planted", remedy: "" }] }, disk),
    ],
  ])("%s throws the error with its remedy", async (_, ask) => {
    await expect(ask()).rejects.toMatchObject({ code: "data", message: expect.stringContaining(`(${code})`) });
  });

  test("readLock throws, and mayExist is true", async () => {
    await expect(readLock("/planted", disk)).rejects.toMatchObject({ code });
    expect(await mayExist("/planted", disk)).toBe(true);
  });
});

test.each(["ENOENT", "ENOTDIR"])("%s means that there is no file", async (code) => {
  const disk = failingDisk(code, "/planted");
  expect(await exists("/planted", disk)).toBe(false);
  expect(await mayExist("/planted", disk)).toBe(false);
  expect(await inodeOf("/planted", disk)).toBeNull();
  expect(await resolveLinks("/planted/file", disk)).toBe("/planted/file");
  expect(await readLock("/planted", disk)).toBeNull();
});

test("a real path through a file is missing; links in a circle and a name that is too long are not", async () => {
  const folder = await temporaryFolder();
  await writeFile(join(folder, "file"), "");
  await symlink("circle", join(folder, "circle"));
  await link(join(folder, "file"), join(folder, "hard"));
  expect(await exists(join(folder, "file/below"))).toBe(false);
  await expect(exists(join(folder, "circle"))).rejects.toMatchObject({ code: "data" });
  await expect(exists(join(folder, "n".repeat(300)))).rejects.toMatchObject({ code: "data" });
  expect(await resolveLinks(join(folder, "circle"), nodeDisk)).toBe(join(folder, "circle"));
  expect(await inodeOf(join(folder, "hard"), nodeDisk)).toBe(await inodeOf(join(folder, "file"), nodeDisk));
});

test("a lock that the disk does not show is put back", async () => {
  const folder = await temporaryFolder();
  const lock = join(folder, "lock");
  await mkdir(lock);
  const seen = await readLock(lock, nodeDisk);
  if (seen === null) throw new Error("expected a lock");
  await claimLock(lock, seen, failingDisk("EIO", `${lock}.`));
  expect(await exists(lock)).toBe(true);
});
