import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { stringify } from "csv-stringify/sync";
import fc from "fast-check";
import { expect, test } from "vitest";
import { openDataset } from "../../src/dataset/open-dataset.ts";
import { openSource } from "../../src/dataset/sources/open-source.ts";
import { createProblems } from "../../src/dataset/sources/problems.ts";
import type { SourceRecord } from "../../src/dataset/sources/source.ts";
import { temporaryFolder } from "./temporary-file.ts";

// Half of the characters are those that CSV and JSON give a meaning.
const special = fc.constantFrom(
  '"',
  ",",
  "\n",
  "\r\n",
  "\r",
  "\\",
  "[",
  "]",
  "\ud83d",
  "\ude00",
  "🙂",
  "\ufeff",
  "\u0000",
  "\u2028",
);
const turnText = fc
  .array(fc.oneof(special, fc.string({ unit: "binary", maxLength: 3 })))
  .map((parts) => parts.join(""));
const turns = fc.array(fc.option(turnText, { nil: null }), { maxLength: 4 });
// UTF-8 has no lone surrogates outside of JSON, and a text that begins like a list might be one.
const plain = turnText.map((text) => text.toWellFormed()).filter((text) => !/^[ \t\r\n]*\[/.test(text));
const cell = fc.oneof(
  turns.map((list) => ({ written: JSON.stringify(list), read: list })),
  plain.map((text) => ({ written: text, read: [text] })),
);
const id = plain.filter((text) => text.trim() !== "");
const rows = fc.uniqueArray(fc.record({ id, prompt: cell, a: cell, b: cell, other: plain }), {
  minLength: 1,
  maxLength: 8,
  selector: (row) => row.id,
});
const format = fc.record({
  bom: fc.boolean(),
  record_delimiter: fc.constantFrom("\n", "\r\n"),
  quoted: fc.boolean(),
  quote_record_delimiter: fc.constant(true),
  // Whether a line end follows the last row.
  eof: fc.boolean(),
});

test.each(["\r", "\n", "\r\n", ""])("reads the last row as it was scanned when the file ends in %j", async (end) => {
  const path = join(await temporaryFolder(), "rows.csv");
  await writeFile(path, `response_a,response_b,prompt,id\r\na,b,p,one\r\na,b,p,two${end}`);
  await using dataset = await openDataset(path);
  const last = end === "\r" ? "two\r" : "two";
  expect(dataset.ids).toEqual(["one", last]);
  expect((await Promise.all([dataset.read(0), dataset.read(1)])).map((row) => row.id)).toEqual(["one", last]);
  expect((await dataset.read(1)).id).toBe(last);
});

test("gives back exactly the rows that were written, in any order of asking", async () => {
  const path = join(await temporaryFolder(), "rows.csv");
  await fc.assert(
    fc.asyncProperty(rows, format, async (written, how) => {
      const records = written.map((row) => [row.other, row.id, row.b.written, row.a.written, row.prompt.written]);
      await writeFile(path, stringify([["other", "id", "response_b", "response_a", "prompt"], ...records], how));
      await using dataset = await openDataset(path);
      expect(dataset.ids).toEqual(written.map((row) => row.id));
      const read = await Promise.all(written.toReversed().map((_, back) => dataset.read(written.length - 1 - back)));
      expect(read.toReversed()).toEqual(
        written.map((row, index) => ({
          index,
          id: row.id,
          prompts: row.prompt.read,
          responsesA: row.a.read,
          responsesB: row.b.read,
        })),
      );
    }),
    { numRuns: 300 },
  );
});

test("finds the same records at the same offsets and lines, however the file is cut into chunks", async () => {
  const path = join(await temporaryFolder(), "rows.csv");
  await fc.assert(
    fc.asyncProperty(rows, format, fc.integer({ min: 1, max: 40 }), async (written, how, chunkBytes) => {
      const header = ["id", "prompt"];
      const text = stringify([header, ...written.map((row) => [row.id, row.prompt.written])], how);
      await writeFile(path, text);
      const found = await scan(path, chunkBytes);
      const bytes = Buffer.from(text);
      expect(found.map(({ cells }) => cells)).toEqual(written.map((row) => [row.id, row.prompt.written]));
      for (const { start, bytes: length, line } of found) {
        const isCutOff = !how.eof && start + length === bytes.length;
        expect(line).toBe(bytes.subarray(0, start).toString().split("\n").length);
        const end = bytes.subarray(start + length - how.record_delimiter.length, start + length).toString();
        if (!isCutOff) expect(end).toBe(how.record_delimiter);
      }
      const last = found.at(-1);
      expect((last?.start ?? 0) + (last?.bytes ?? 0)).toBe(bytes.length);
    }),
    { numRuns: 200 },
  );
});

async function scan(path: string, chunkBytes: number): Promise<readonly SourceRecord[]> {
  const found: SourceRecord[] = [];
  await using source = await openSource(path);
  await source.scan({
    problems: createProblems(path),
    chunkBytes,
    onHeader: () => {},
    onRecord: (record) => {
      found.push(record);
      return "go on";
    },
  });
  return found;
}
