import { readFile } from "node:fs/promises";
import { parquetMetadataAsync } from "hyparquet";
import { expect, test } from "vitest";
import { openFile } from "../../src/dataset/sources/open-file.ts";
import { parquetRecords } from "../../src/dataset/sources/parquet.ts";
import { findPages } from "../../src/dataset/sources/parquet-pages.ts";

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

test("a page that begins inside a row is read together with the page before it", async () => {
  const bytes = await readFile(fixture("pages-v1.parquet"));
  const file = {
    byteLength: bytes.length,
    slice: async (start: number, end = bytes.length) => new Uint8Array(bytes.subarray(start, end)).buffer,
  };
  const metadata = await parquetMetadataAsync(file);
  const [group] = metadata.row_groups;
  if (group === undefined) throw new Error("the fixture has a row group");
  const pages = await findPages(file, metadata, group);
  const contents = pages["conversation_a.list.element.content"] ?? [];
  const firstRows = contents.map(({ first_row_index }) => Number(first_row_index));
  expect(firstRows.length).toBeGreaterThan(10);
  expect(firstRows).toEqual([...new Set(firstRows)].sort((one, other) => one - other));
  for (const [index, page] of contents.entries()) {
    const next = contents[index + 1];
    if (next !== undefined) expect(Number(page.offset) + page.compressed_page_size).toBe(Number(next.offset));
  }
  expect(await findPages(file, metadata, { ...group, columns: group.columns.slice(0, 1) })).toEqual({
    id: pages["id"],
  });
});
