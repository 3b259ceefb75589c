import { chmod, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { AbtieError } from "../../src/errors.ts";
import { createFolder } from "../../src/files/folder.ts";
import { temporaryFolder } from "../helpers/folder.ts";

test("a folder is created with its parents, and one that exists stays", async () => {
  const folder = await temporaryFolder();
  await createFolder(join(folder, "a/b"));
  await expect(createFolder(join(folder, "a/b"))).resolves.toBeUndefined();
});

test.each([
  ["file", "EEXIST"],
  ["file/inner", "ENOTDIR"],
])("a path with a file in the place of a folder (%s) is explained, not called a bug", async (path, code) => {
  const folder = await temporaryFolder();
  await writeFile(join(folder, "file"), "text");
  const error = await createFolder(join(folder, path)).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(AbtieError);
  expect((error as AbtieError).message).toContain(`cannot create the folder ${join(folder, path)} (${code})`);
});

test.skipIf(process.platform !== "linux")(
  "a folder in which the system makes none is explained, and waits for nothing",
  async () => {
    await expect(createFolder("/proc/abtie/run")).rejects.toThrow(/cannot create the folder .*\(ENOENT\)/);
  },
);

test.skipIf(process.getuid?.() === 0)("a folder without permission is explained", async () => {
  const folder = await temporaryFolder();
  await mkdir(join(folder, "closed"));
  await chmod(join(folder, "closed"), 0o500);
  await expect(createFolder(join(folder, "closed/inner"))).rejects.toThrow("(EACCES)");
});
