import { readdir } from "node:fs/promises";
import { gzipSync } from "node:zlib";
import { execa } from "execa";
import fc from "fast-check";
import { parquetWriteBuffer } from "hyparquet-writer";
import { describe, expect, onTestFinished, test } from "vitest";
import { type DatasetOptions, openDataset } from "../../src/dataset/open-dataset.ts";
import { jsonLinesSource } from "../../src/dataset/sources/json-lines.ts";
import { openFile } from "../../src/dataset/sources/open-file.ts";
import { createProblems } from "../../src/dataset/sources/problems.ts";
import { recogniseFile } from "../../src/dataset/sources/recognise.ts";
import type { SourceRecord } from "../../src/dataset/sources/source.ts";
import type { Row } from "../../src/types.ts";
import { temporaryFile, temporaryFolder } from "./temporary-file.ts";

/** Three rows, also with text that every kind of file has to escape, and labels as words. */
const ROWS = [
  { id: "r1", prompt: 'Say "hi",\nplease', response_a: "hi; hi", response_b: "\thello", winner: "model_a" },
  { id: "r2", prompt: "日本語? é", response_a: "", response_b: "[x](y)", winner: "tie" },
  { id: "r3", prompt: "third", response_a: "{}", response_b: "null", winner: "model_b" },
] as const;
const TRUTH = [1, 0, 0, 0, 0, 1, 0, 1, 0];

function separated(delimiter: string): string {
  const cell = (text: string): string => `"${text.replaceAll('"', '""')}"`;
  const lines = ROWS.map((row) => Object.values(row).map(cell).join(delimiter));
  return [Object.keys(ROWS[0]).join(delimiter), ...lines].join("\n");
}

function parquet(codec: "SNAPPY" | "UNCOMPRESSED"): Uint8Array {
  const names = Object.keys(ROWS[0]) as (keyof (typeof ROWS)[number])[];
  const columnData = names.map((name) => ({ name, data: ROWS.map((row) => row[name]), type: "STRING" as const }));
  return new Uint8Array(parquetWriteBuffer({ columnData, codec, rowGroupSize: 2 }));
}

const lines = `${ROWS.map((row) => JSON.stringify(row)).join("\n")}\n`;

const KINDS: readonly (readonly [string, string | Uint8Array])[] = [
  ["CSV", separated(",")],
  ["CSV with a byte order mark", `\ufeff${separated(",")}`],
  ["CSV with tabs", separated("\t")],
  ["CSV with semicolons", separated(";")],
  ["JSON Lines", lines],
  ["JSON Lines with blank lines and the line ends of Windows", `\ufeff\n${lines.replaceAll("\n", "\r\n\r\n")}`],
  ["JSON Lines of one row without a line end", lines.trimEnd()],
  ["a JSON list", JSON.stringify(ROWS)],
  ["a JSON list over several lines", JSON.stringify(ROWS, null, 2)],
  ["a JSON object with a list", JSON.stringify({ version: 1, data: ROWS }, null, 2)],
  ["Parquet", parquet("UNCOMPRESSED")],
  ["Parquet with Snappy", parquet("SNAPPY")],
];

async function readAll(content: string | Uint8Array, options: DatasetOptions = {}) {
  await using dataset = await openDataset(await temporaryFile(content), options);
  const rows: Row[] = [];
  for (let row = 0; row < dataset.ids.length; row += 1) rows.push(await dataset.read(row));
  return { dataset, rows };
}

function expectRows({ dataset, rows }: Awaited<ReturnType<typeof readAll>>): void {
  expect(rows).toEqual(
    ROWS.map(({ id, prompt, response_a, response_b }, index) => ({
      index,
      id,
      prompts: [prompt],
      responsesA: [response_a],
      responsesB: [response_b],
    })),
  );
  expect([...(dataset.truth?.values ?? [])]).toEqual(TRUTH);
}

describe("the same rows are read from", () => {
  test.each(KINDS)("%s, also packed with gzip", async (_, content) => {
    const plain = await readAll(content);
    expectRows(plain);
    const packed = gzipSync(content);
    const unpacked = await readAll(packed);
    expectRows(unpacked);
    expect(unpacked.dataset.bytes).toBe(packed.length);
    expect(unpacked.dataset.sha256).not.toBe(plain.dataset.sha256);
  });

  test("standard input, as /dev/stdin", async () => {
    const script = `
      import { openDataset } from "./dist/dataset/open-dataset.js";
      const dataset = await openDataset("/dev/stdin");
      console.log(JSON.stringify([dataset.ids, await dataset.read(2), await dataset.read(0)]));
      await dataset[Symbol.asyncDispose]();`;
    const { stdout } = await execa("node", ["--input-type=module", "--eval", script], { input: gzipSync(lines) });
    const [ids, third, first] = JSON.parse(stdout);
    expect(ids).toEqual(["r1", "r2", "r3"]);
    expect(third).toMatchObject({ index: 2, responsesA: ["{}"], responsesB: ["null"] });
    expect(first).toMatchObject({ index: 0, responsesB: ["\thello"] });
  });
});

test("JSON Lines read in pieces of any size give the same rows at the same lines", async () => {
  const path = await temporaryFile(`\ufeff\n${lines.replace("\n", "\n\n")}`);
  for (let chunkBytes = 1; chunkBytes < 80; chunkBytes += 1) {
    await using source = jsonLinesSource(await openFile(path));
    const found: SourceRecord[] = [];
    await source.scan({
      problems: createProblems(path),
      onHeader: ({ names }) => expect(names).toEqual(Object.keys(ROWS[0])),
      onRecord: (record) => {
        found.push(record);
        return "go on";
      },
      chunkBytes,
    });
    expect(found.map(({ line }) => line)).toEqual([2, 4, 5]);
    for (const record of found) expect(await source.read(record)).toEqual(record.cells);
    expect(found.map(({ cells }) => cells)).toEqual(ROWS.map((row) => Object.values(row)));
  }
});

test("converted files leave nothing in the folder for temporary files", async () => {
  const folder = await temporaryFolder();
  const before = process.env["TMPDIR"];
  process.env["TMPDIR"] = folder;
  onTestFinished(() => {
    if (before === undefined) delete process.env["TMPDIR"];
    else process.env["TMPDIR"] = before;
  });
  const path = await temporaryFile(gzipSync(parquet("SNAPPY")));
  await using dataset = await openDataset(path);
  expect(dataset.ids).toHaveLength(3);
  expect((await readdir(folder)).filter((name) => name.endsWith(".rows"))).toEqual([]);
});

test("whole numbers beyond 2^53 in Parquet stay exact as ids", async () => {
  const columnData = [
    { name: "id", data: [9007199254740993n, 4265282380n], type: "INT64" as const },
    ...["prompt", "response_a", "response_b"].map((name) => ({ name, data: ["x", "y"], type: "STRING" as const })),
  ];
  const { dataset } = await readAll(new Uint8Array(parquetWriteBuffer({ columnData })));
  expect(dataset.ids).toEqual(["9007199254740993", "4265282380"]);
});

describe("a file of another kind is refused with its name and a remedy", () => {
  const utf16 = Buffer.from("id,prompt,response_a,response_b\n1,p,a,b\n", "utf16le");
  test.each<[string, string | Uint8Array, RegExp]>([
    ["UTF-16 without a mark", utf16, /is UTF-16 text\..*iconv -f utf-16 -t utf-8/],
    ["UTF-16 with a mark", Buffer.concat([Buffer.from([0xff, 0xfe]), utf16]), /is UTF-16 text/],
    ["Excel", Buffer.from("PK\u0003\u0004rest"), /a ZIP archive or an Excel file.*save the sheet as CSV/],
    ["zstd", Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0]), /compressed with zstd.*zstd -d/],
    ["bzip2", Buffer.from("BZh91AY"), /compressed with bzip2.*bunzip2/],
    ["xz", Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0]), /compressed with xz.*unxz/],
    ["Arrow", Buffer.from("ARROW1\0\0"), /an Arrow or Feather file.*to_csv/],
    ["SQLite", Buffer.from("SQLite format 3\0"), /a SQLite database.*to_csv/],
    ["a web page", "<!DOCTYPE html><html></html>", /a web page or XML.*Download the file itself/],
    ["a Git LFS pointer", "version https://git-lfs.github.com/spec/v1\noid sha256:1\n", /Git LFS.*git lfs pull/],
    ["gzip inside gzip", gzipSync(gzipSync(lines)), /is gzip inside gzip\. Unpack it once/],
    ["a damaged gzip", gzipSync(lines).subarray(0, 60), /the gzip data is damaged or cut short/],
    ["a damaged Parquet", parquet("SNAPPY").subarray(0, 200), /is a Parquet file, and its footer cannot be read/],
    ["JSON that is cut short", JSON.stringify(ROWS).slice(0, 100), /line 1: the file ends inside the document/],
    ["a JSON list of texts", '[{"a": 1}, "x"]', /row 2: the element of the list is no object.*jq -c/],
    ["a JSON object without rows", '{"a":\n {"b": 1}}', /is JSON, but no list of objects.*jq -c/],
    ["an empty JSON list", "[]", /the file has no rows/],
  ])("%s", async (_, content, message) => {
    await expect(openDataset(await temporaryFile(content))).rejects.toThrow(message);
  });
});

test.each(KINDS)(
  "a missing column of %s is an error in the words of that kind, also packed with gzip",
  async (kind, content) => {
    const called = kind.startsWith("CSV")
      ? "The header is"
      : kind.startsWith("Parquet")
        ? "The columns of the file are"
        : "The keys of the records are";
    const expected = `the column "question" is missing. ${called}: id, prompt, response_a`;
    for (const bytes of [content, gzipSync(content)]) {
      const refused = openDataset(await temporaryFile(bytes), { columns: { prompt: "question" } });
      await expect(refused).rejects.toThrow(expected);
    }
  },
);

test("lines that are no JSON objects are all named, with their lines", async () => {
  const error = await openDataset(await temporaryFile(`${lines}oops\n[1]\n`)).catch((thrown: unknown) => thrown);
  expect(String(error)).toContain("line 4: the line is no JSON object (and 1 more problem)");
  expect((error as { details: readonly string[] }).details.join("\n")).toContain(
    "line 5: the line is JSON, but no object",
  );
});

test("a record without a key has an empty text there, and JSON values keep their form", async () => {
  const { rows } = await readAll(
    '{"id":1,"prompt":null,"response_a":["a",null],"response_b":3}\n{"id":"x","response_a":{"k":[1]},"response_b":true}\n',
  );
  expect(rows).toMatchObject([
    { id: "1", prompts: [null], responsesA: ["a", null], responsesB: ["3"] },
    { id: "x", prompts: [null], responsesA: ['{"k":[1]}'], responsesB: ["true"] },
  ]);
});

test("any bytes are read as rows or refused with an error that names the file", async () => {
  const head = fc.constantFrom("", "{", "[", "PAR1", "\u001f\u008b", '{"a":1}\n', "id,prompt,response_a,response_b\n");
  await fc.assert(
    fc.asyncProperty(head, fc.uint8Array({ maxLength: 200 }), async (start, rest) => {
      const path = await temporaryFile(Buffer.concat([Buffer.from(start, "latin1"), rest]));
      const error: unknown = await openDataset(path).then(
        (dataset) => dataset[Symbol.asyncDispose](),
        (thrown: unknown) => thrown,
      );
      if (error !== undefined) expect(String(error)).toContain(path);
    }),
    { numRuns: 200 },
  );
});

test.each<[string, ReturnType<typeof recogniseFile>]>([
  ["a\tb\tc", { kind: "csv", delimiter: "\t" }],
  ['"a,b";c;d', { kind: "csv", delimiter: ";" }],
  ["a;b,c,d", { kind: "csv", delimiter: "," }],
  ["", { kind: "csv", delimiter: "," }],
  ["[x](y),b", { kind: "csv", delimiter: "," }],
  ['  [\n  {"a"', { kind: "json" }],
  ['{"a": 1}\n{"a": 2}', { kind: "json-lines" }],
  ['{\n"a": 1}', { kind: "json" }],
])("recognises %j", (text, kind) => {
  expect(recogniseFile(Buffer.from(text))).toEqual(kind);
});
