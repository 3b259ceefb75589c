import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { openFile } from "../../src/dataset/sources/open-file.ts";
import { parquetRecords } from "../../src/dataset/sources/parquet.ts";

const fixture = (name: string): string => new URL(`../fixtures/parquet/${name}`, import.meta.url).pathname;

async function recordsOf(name: string, bytesAtOnce: number): Promise<readonly object[]> {
  const file = await openFile(fixture(name));
  const { size } = await file.handle.stat();
  const records: object[] = [];
  for await (const record of parquetRecords(file, size, bytesAtOnce)) records.push(record);
  await file.handle.close();
  return records;
}

// The files and rows.jsonl are written by pages.py with pyarrow.
test.each(["pages-v1.parquet", "pages-v2.parquet", "pages-plain-zstd.parquet", "pages-index.parquet"])(
  "%s, one row group of many pages, is read in parts of any size",
  async (name) => {
    const lines = (await readFile(fixture("rows.jsonl"), "utf8")).trim().split("\n");
    const rows = lines.map((line) => JSON.parse(line));
    for (const bytes of [1, 3_000, 7_000, 1 << 24]) expect(await recordsOf(name, bytes)).toEqual(rows);
  },
);
