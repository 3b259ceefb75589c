import { open, writeFile } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { parseJson, readLines } from "../../src/files/json-lines.ts";
import { temporaryFolder } from "../helpers/folder.ts";

test("a line without an end is refused after 16 MiB, and names the file", async () => {
  const path = join(await temporaryFolder(), "journal.jsonl");
  await writeFile(path, '{"ok":1}\n');
  // A gigabyte that takes no space on the disk.
  const file = await open(path, "r+");
  await file.truncate(1 << 30);
  await file.close();
  const before = process.memoryUsage.rss();
  const read = async (): Promise<number> => {
    let lines = 0;
    for await (const line of readLines(path)) lines += line.text.length > 0 ? 1 : 0;
    return lines;
  };
  await expect(read()).rejects.toMatchObject({
    code: "data",
    message: expect.stringContaining("journal.jsonl, line 2"),
  });
  expect(process.memoryUsage.rss() - before).toBeLessThan(300e6);
});

test("JSON that is nested too deeply counts as no JSON, and other JSON is parsed as ever", () => {
  for (const open of ["[", '{"a":', "[[],"]) {
    expect(parseJson(open.repeat(1_000_000))).toBeUndefined();
    expect(parseJson(`${open.repeat(1_000)}1`)).toBeUndefined();
  }
  expect(parseJson(`${"[".repeat(1_000)}${"]".repeat(1_000)}`)).toBeUndefined();
  expect(parseJson(JSON.stringify({ text: "[".repeat(1_000) }))).toEqual({ text: "[".repeat(1_000) });
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 8 }), (value) => {
      expect(parseJson(JSON.stringify(value))).toEqual(JSON.parse(JSON.stringify(value)));
    }),
  );
});
