import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { sha256, sha256OfFile } from "../../src/files/hash.ts";

// FIPS 180-2, appendix B.1, and its test of one million times "a" (B.3).
const ABC = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
const MILLION_A = "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0";

test("computes the published hash of a text", () => {
  expect(sha256("abc")).toBe(ABC);
});

test("computes the published hash of a file of a million bytes", async () => {
  const folder = await mkdtemp(join(tmpdir(), "abtie-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  await writeFile(join(folder, "a"), "a".repeat(1_000_000));
  expect(await sha256OfFile(join(folder, "a"))).toBe(MILLION_A);
});

test("reports which file is missing", async () => {
  await expect(sha256OfFile("/no/such/file")).rejects.toMatchObject({
    code: "data",
    message: expect.stringContaining("cannot read /no/such/file (ENOENT)"),
  });
});

test("reports that a folder is no file", async () => {
  await expect(sha256OfFile(tmpdir())).rejects.toThrow(/EISDIR.*it is a folder, but a file was expected/);
});
