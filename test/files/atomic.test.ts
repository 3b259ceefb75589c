import { chmod, lstat, mkdir, mkdtemp, readdir, readFile, rm, symlink, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { expect, onTestFinished, test } from "vitest";
import { writeAtomic } from "../../src/files/atomic.ts";

async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "abtie-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

test("writes a text and replaces it", async () => {
  const folder = await temporaryFolder();
  const path = join(folder, "out.csv");
  await writeAtomic(path, "old");
  await writeAtomic(path, "new é 日本");
  expect(await readFile(path, "utf8")).toBe("new é 日本");
  expect(await readdir(folder)).toEqual(["out.csv"]);
});

test("writes the pieces of an iterable in order, however many", async () => {
  const path = join(await temporaryFolder(), "out.csv");
  const pieces = Array.from({ length: 50_000 }, (_, index) => `row ${index} ü\n`);
  await writeAtomic(path, pieces.values());
  expect(await readFile(path, "utf8")).toBe(pieces.join(""));
});

test("writes an empty file for an iterable without pieces", async () => {
  const path = join(await temporaryFolder(), "out.csv");
  await writeAtomic(path, []);
  expect(await readFile(path, "utf8")).toBe("");
});

test("keeps the old file and no temporary one when the iterable throws, and passes its error on", async () => {
  const folder = await temporaryFolder();
  const path = join(folder, "out.csv");
  await writeAtomic(path, "old");
  const failing = function* (): Generator<string> {
    yield "x".repeat(1_000_000);
    throw new RangeError("row 7 is NaN");
  };
  await expect(writeAtomic(path, failing())).rejects.toThrow(new RangeError("row 7 is NaN"));
  expect(await readFile(path, "utf8")).toBe("old");
  expect(await readdir(folder)).toEqual(["out.csv"]);
});

test("reports that the folder is missing", async () => {
  const path = join(await temporaryFolder(), "no", "out.csv");
  await expect(writeAtomic(path, "x")).rejects.toMatchObject({
    name: "AbtieError",
    code: "data",
    message: `cannot write ${path} (ENOENT): the file or its folder does not exist; check the path, or create the folder.`,
  });
});

test("keeps the old file when the disk is full, and reports it", async (context) => {
  const folder = await temporaryFolder();
  const mount = await execa("mount", ["-t", "tmpfs", "-o", "size=64k", "tmpfs", folder], { reject: false });
  if (mount.failed) return context.skip("needs the right to mount a small tmpfs");
  onTestFinished(() => execa("umount", [folder]).then(() => {}));
  const path = join(folder, "out.csv");
  await writeAtomic(path, "old");
  await expect(writeAtomic(path, "x".repeat(1_000_000))).rejects.toThrow(/ENOSPC.*the disk is full; free some space/);
  expect(await readFile(path, "utf8")).toBe("old");
  expect(await readdir(folder)).toEqual(["out.csv"]);
});

test("reports that permission is denied, and keeps the old file", async (context) => {
  if (process.getuid?.() === 0) return context.skip("root may write anywhere");
  const folder = await temporaryFolder();
  const path = join(folder, "out.csv");
  await writeAtomic(path, "old");
  await chmod(folder, 0o500);
  await expect(writeAtomic(path, "new")).rejects.toThrow(/EACCES.*permission denied/);
  await chmod(folder, 0o700);
  expect(await readFile(path, "utf8")).toBe("old");
});

test("refuses to replace a folder or a device", async () => {
  const folder = await temporaryFolder();
  await mkdir(join(folder, "sub"));
  await expect(writeAtomic(join(folder, "sub"), "x")).rejects.toThrow(
    /it is a folder, a device or a pipe; name a regular file/,
  );
  await expect(writeAtomic("/dev/null", "x")).rejects.toThrow(/name a regular file/);
});

test("writes through a symbolic link and leaves the link", async () => {
  const folder = await temporaryFolder();
  await mkdir(join(folder, "real"));
  await writeFile(join(folder, "real", "out.csv"), "old");
  await symlink(join(folder, "real", "out.csv"), join(folder, "link.csv"));
  await writeAtomic(join(folder, "link.csv"), "new");
  expect((await lstat(join(folder, "link.csv"))).isSymbolicLink()).toBe(true);
  expect(await readFile(join(folder, "real", "out.csv"), "utf8")).toBe("new");
});

test("writes the file to which a symbolic link leads, when that file does not exist yet", async () => {
  const folder = await temporaryFolder();
  await mkdir(join(folder, "real"));
  await symlink("real/out.csv", join(folder, "inner.csv"));
  await symlink(join(folder, "inner.csv"), join(folder, "link.csv"));
  await writeAtomic(join(folder, "link.csv"), "new");
  for (const name of ["link.csv", "inner.csv"]) expect((await lstat(join(folder, name))).isSymbolicLink()).toBe(true);
  expect(await readFile(join(folder, "real", "out.csv"), "utf8")).toBe("new");
});

test.skipIf(process.platform !== "linux")("refuses to replace a link to an open pipe, as /dev/stdout is", async () => {
  const folder = await temporaryFolder();
  const reader = execa("cat", { reject: false });
  onTestFinished(() => void reader.kill());
  await symlink(`/proc/${reader.pid}/fd/1`, join(folder, "stdout"));
  await expect(writeAtomic(join(folder, "stdout"), "x")).rejects.toThrow(/name a regular file/);
  expect((await lstat(join(folder, "stdout"))).isSymbolicLink()).toBe(true);
});

test("removes what a writer killed long ago has left, and nothing else", async () => {
  const folder = await temporaryFolder();
  const path = join(folder, "out.csv");
  for (const name of [".out.csv.old.tmp", ".out.csv.young.tmp", ".other.csv.old.tmp"])
    await writeFile(join(folder, name), "");
  for (const name of [".out.csv.old.tmp", ".other.csv.old.tmp"]) await utimes(join(folder, name), 1000, 1000);
  await writeAtomic(path, "new");
  expect((await readdir(folder)).sort()).toEqual([".other.csv.old.tmp", ".out.csv.young.tmp", "out.csv"]);
});

test("leaves a whole file, old or new, when twenty writers at once write it", async () => {
  const folder = await temporaryFolder();
  const path = join(folder, "out.csv");
  const texts = Array.from({ length: 20 }, (_, index) => `${index}\n`.repeat(50_000));
  await Promise.all(texts.map((text) => writeAtomic(path, text)));
  expect(texts).toContain(await readFile(path, "utf8"));
  expect(await readdir(folder)).toEqual(["out.csv"]);
});
