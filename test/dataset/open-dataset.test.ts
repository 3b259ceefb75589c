import { appendFile, readFile, rename, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parquetMetadata } from "hyparquet";
import { parquetWriteBuffer } from "hyparquet-writer";
import { expect, test } from "vitest";
import { openDataset } from "../../src/dataset/open-dataset.ts";
import { sha256OfFile } from "../../src/files/hash.ts";
import { temporaryFolder } from "../helpers/folder.ts";
import { temporaryFile } from "./temporary-file.ts";

const HEADER = "id,prompt,response_a,response_b";
const LABELLED = `${HEADER},winner_model_a,winner_model_b,winner_tie,votes`;
const FIXTURES = join(import.meta.dirname, "../fixtures/dataset");

interface GoldenRow {
  readonly line: number;
  readonly id: string;
  readonly prompt: readonly (string | null)[];
  readonly response_a: readonly (string | null)[];
  readonly response_b: readonly (string | null)[];
  readonly labels: readonly number[];
  readonly votes: readonly number[];
}

async function readGolden(): Promise<readonly GoldenRow[]> {
  return JSON.parse(await readFile(join(FIXTURES, "golden.json"), "utf8")).anomalies;
}

test("reads every anomaly as Python's csv and json modules do", async () => {
  const golden = await readGolden();
  await using dataset = await openDataset(join(FIXTURES, "anomalies.csv"));
  expect(dataset.ids).toEqual(golden.map(({ id }) => id));
  expect([...dataset.lines]).toEqual(golden.map(({ line }) => line));
  expect([...(dataset.truth?.values ?? [])]).toEqual(golden.flatMap(({ labels }) => labels));
  for (const [index, row] of golden.entries()) {
    expect(await dataset.read(index)).toEqual({
      index,
      id: row.id,
      prompts: row.prompt,
      responsesA: row.response_a,
      responsesB: row.response_b,
    });
  }
});

test("takes votes as shares when asked for", async () => {
  await using dataset = await openDataset(join(FIXTURES, "anomalies.csv"), { truth: "votes" });
  expect([...(dataset.truth?.values ?? [])]).toEqual((await readGolden()).flatMap(({ votes }) => votes));
});

test("counts each anomaly once a row, with the first lines", async () => {
  await using dataset = await openDataset(join(FIXTURES, "anomalies.csv"));
  expect(dataset.anomalies).toEqual({
    nullTurn: { count: 2, lines: [4, 6] },
    noTurns: { count: 1, lines: [5] },
    emptyPrompt: { count: 1, lines: [20] },
    emptyResponse: { count: 4, lines: [4, 5, 6, 20] },
    loneSurrogate: { count: 1, lines: [7] },
    largeId: { count: 1, lines: [8] },
    duplicateRow: { count: 1, lines: [9] },
    identicalResponses: { count: 2, lines: [5, 10] },
    unequalTurns: { count: 2, lines: [5, 11] },
    severalTurns: { count: 3, lines: [3, 6, 11] },
    plainText: { count: 4, lines: [12, 13, 16, 20] },
    brokenList: { count: 2, lines: [14, 15] },
    pythonList: { count: 1, lines: [15] },
  });
});

test("gives rows with the same prompt one group, however it is written", async () => {
  const path = await temporaryFile(
    `${HEADER}\n1,"[""p""]",a,b\n2,q,a,b\n3,p,a,b\n4,"[ ""p"" ]",a,b\n5,"[""p"",""p""]",a,b\n`,
  );
  await using dataset = await openDataset(path);
  expect([...dataset.groups]).toEqual([0, 1, 0, 0, 2]);
});

test("has no truth when the file has no label columns", async () => {
  await using dataset = await openDataset(await temporaryFile(`${HEADER}\n1,p,a,b\n`));
  expect(dataset.truth).toBeNull();
});

test("reads a file with BOM, CRLF, empty lines and no line end at the end", async () => {
  const path = await temporaryFile(`\ufeff\r\n${HEADER}\r\n\r\n1,p,"a\r\nb",b\r\n\n\r\n2,p,é,日本`);
  await using dataset = await openDataset(path);
  expect(dataset.ids).toEqual(["1", "2"]);
  expect([...dataset.lines]).toEqual([4, 8]);
  expect(await dataset.read(0)).toMatchObject({ id: "1", responsesA: ["a\r\nb"] });
  expect(await dataset.read(1)).toMatchObject({ id: "2", responsesA: ["é"], responsesB: ["日本"] });
});

test("reads columns of other names, in any order, and ignores the rest", async () => {
  const path = await temporaryFile("tie,better,worse,B,A,Q,key,extra\n0,1,0,b,a,p,x,?\n0.5,0.5,1,b,a,p,y,?\n");
  await using dataset = await openDataset(path, {
    columns: { id: "key", prompt: "Q", responseA: "A", responseB: "B", labels: ["better", "worse", "tie"] },
  });
  expect([...(dataset.truth?.values ?? [])]).toEqual([1, 0, 0, 0.25, 0.5, 0.25]);
  expect(await dataset.read(1)).toEqual({ index: 1, id: "y", prompts: ["p"], responsesA: ["a"], responsesB: ["b"] });
});

test("stops at the limit, whatever stands behind it, and still hashes the whole file", async () => {
  const path = await temporaryFile(`${HEADER}\n1,p,a,b\n2,p,a,b\n2,"broken"x,a\n${"3,p,a,b\n".repeat(50_000)}4,"p`);
  await using dataset = await openDataset(path, { limit: 2 });
  expect(dataset.ids).toEqual(["1", "2"]);
  expect(dataset.sha256).toBe(await sha256OfFile(path));
  expect(await dataset.read(1)).toMatchObject({ id: "2" });
});

test("converts no more of a file than the limit needs, and still hashes the whole file", async () => {
  const data = Array.from({ length: 300 }, (_, id) => `text ${id}`);
  const columnData = ["id", "prompt", "response_a", "response_b"].map((name) => ({ name, data }));
  const bytes = new Uint8Array(parquetWriteBuffer({ columnData, rowGroupSize: 150 }));
  const [, second] = parquetMetadata(bytes.buffer).row_groups;
  const start = Number(second?.columns[0]?.meta_data?.data_page_offset);
  bytes.fill(255, start, start + 40);
  const path = join(await temporaryFolder(), "rows.parquet");
  await writeFile(path, bytes);
  await expect(openDataset(path)).rejects.toThrow(/the rows 151 to 300 cannot be read/);
  await using dataset = await openDataset(path, { limit: 3 });
  expect(dataset.ids).toEqual(data.slice(0, 3));
  expect(dataset.sha256).toBe(await sha256OfFile(path));
});

test("gives the sizes of the file and of each row", async () => {
  await using dataset = await openDataset(await temporaryFile(`${HEADER}\n1,é,a,b\n22,p,a,b`));
  expect(dataset.bytes).toBe(HEADER.length + 1 + 9 + 8);
  expect([...dataset.rowBytes]).toEqual([9, 8]);
});

test("reads a thousand rows at once, each the right one", async () => {
  const rows = Array.from({ length: 3000 }, (_, index) => `${index},p${index},"a\n${"x".repeat(index)}",b\n`);
  await using dataset = await openDataset(await temporaryFile(`${HEADER}\n${rows.join("")}`));
  const indices = Array.from({ length: 1000 }, (_, index) => (index * 7919) % 3000);
  const read = await Promise.all(indices.map((index) => dataset.read(index)));
  expect(read.map(({ id, responsesA }) => [id, responsesA[0]?.length])).toEqual(
    indices.map((index) => [String(index), index + 2]),
  );
});

test("notices that the file was changed since it was opened", async () => {
  const path = await temporaryFile(`${HEADER}\n1,p,a,b\n2,p,a,b\n`);
  await using dataset = await openDataset(path);
  await appendFile(path, "3,p,a,b\n");
  await expect(dataset.read(0)).rejects.toMatchObject({
    code: "data",
    message: expect.stringMatching(/rows\.csv was changed while it was being used.*start again/),
  });
});

test("notices a change that leaves the size as it was, and one that also leaves the time", async () => {
  const path = await temporaryFile(`${HEADER}\n1,p,a,b\n2,p,a,b\n`);
  await utimes(path, 1000, 1000);
  await using dataset = await openDataset(path);
  await writeFile(path, `${HEADER}\n1,p,a,b\n3,p,a,b\n`);
  await expect(dataset.read(1)).rejects.toThrow("was changed");
  await utimes(path, 1000, 1000);
  await expect(dataset.read(1)).rejects.toThrow("was changed");
});

test("keeps reading the file that it opened when another one takes its name", async () => {
  const path = await temporaryFile(`${HEADER}\n1,p,a,b\n`);
  await using dataset = await openDataset(path);
  await writeFile(`${path}.new`, `${HEADER}\n9,p,a,b\n`);
  await rename(`${path}.new`, path);
  expect(await dataset.read(0)).toMatchObject({ id: "1" });
});

test("rejects with the signal's reason when it aborts", async () => {
  const path = await temporaryFile(`${LABELLED}\n1,p,a,b,1,0,0,A\n`);
  await expect(openDataset(path, { signal: AbortSignal.abort(new Error("Ctrl-C")) })).rejects.toThrow("Ctrl-C");
});

test("calls asking for a row that is not there a bug", async () => {
  await using dataset = await openDataset(await temporaryFile(`${HEADER}\n1,p,a,b\n`));
  await expect(dataset.read(1)).rejects.toThrow(new RangeError("row 1 of 1"));
});
