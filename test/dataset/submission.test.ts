import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { openDataset } from "../../src/dataset/open-dataset.ts";
import { readSubmission } from "../../src/dataset/submission/read-submission.ts";
import { validateSubmission } from "../../src/dataset/submission/validate-submission.ts";
import { writeSubmission } from "../../src/dataset/submission/write-submission.ts";
import type { PerClass } from "../../src/types.ts";
import { withTie } from "../helpers/matrix.ts";
import { temporaryFile, temporaryFolder } from "./temporary-file.ts";

const THIRDS: PerClass = [1 / 3, 1 / 3, 1 / 3];

test("writes the header, each id as it was read and in that order, and clipped probabilities", async () => {
  const path = join(await temporaryFolder(), "submission.csv");
  const triples: readonly PerClass[] = [[0.2, 0.3, 0.5], [1, 0, 0], THIRDS];
  await writeSubmission(path, ["007", "4265282380", 'a,"b"'], (index) => triples[index] ?? THIRDS);
  expect(await readFile(path, "utf8")).toBe(
    'id,winner_model_a,winner_model_b,winner_tie\n007,0.200000,0.300000,0.500000\n4265282380,0.990000,0.005000,0.005000\n"a,""b""",0.333334,0.333333,0.333333\n',
  );
});

test("takes names of columns and a clip", async () => {
  const path = join(await temporaryFolder(), "submission.csv");
  const columns = { id: "key", labels: ["A", "B", "tie"] as const };
  await writeSubmission(path, ["1"], () => [1, 0, 0], { columns, clip: [0, 1] });
  expect(await readFile(path, "utf8")).toBe("key,A,B,tie\n1,1.000000,0.000000,0.000000\n");
  expect(await validateSubmission(path, ["1"], columns)).toEqual([]);
});

test("reads back and accepts its own file, for any ids and probabilities", async () => {
  const path = join(await temporaryFolder(), "submission.csv");
  const id = fc
    .string({
      unit: fc.oneof(fc.constantFrom('"', ",", "\n", "\r", " ", "\ufeff", "é"), fc.string({ unit: "binary" })),
    })
    .map((text) => text.toWellFormed())
    .filter((text) => text.trim() !== "");
  const weight = fc.double({ min: 0.001, max: 1, noNaN: true });
  const row = fc.record({ id, weights: fc.tuple(weight, weight, weight) });
  await fc.assert(
    fc.asyncProperty(fc.uniqueArray(row, { minLength: 1, selector: (each) => each.id }), async (rows) => {
      const ids = rows.map((each) => each.id);
      const triples = rows.map(({ weights: [a, b, tie] }): PerClass => {
        const sum = a + b + tie;
        return [a / sum, b / sum, tie / sum];
      });
      await writeSubmission(path, ids, (index) => triples[index] ?? THIRDS, { clip: [0, 1] });
      expect(await validateSubmission(path, ids)).toEqual([]);
      const read = await readSubmission(path);
      expect(read.ids).toEqual(ids);
      for (const [at, probability] of read.probabilities.values.entries()) {
        expect(Math.abs(probability - (triples.flat()[at] ?? 0))).toBeLessThan(1e-6);
      }
    }),
  );
});

test("refuses to write NaN, naming the row, and leaves the old file", async () => {
  const path = await temporaryFile("old");
  const ids = Array.from({ length: 5000 }, (_, index) => `row-${index}`);
  const write = writeSubmission(path, ids, (index) => (index === 4321 ? [Number.NaN, 0, 1] : THIRDS));
  await expect(write).rejects.toMatchObject({
    name: "Error",
    message: 'row 4321 (id "row-4321") cannot be written',
    cause: expect.objectContaining({ message: "not probabilities that sum to 1: NaN, 0, 1" }),
  });
  expect(await readFile(path, "utf8")).toBe("old");
});

test("asks for each row's probabilities once, in order", async () => {
  const path = join(await temporaryFolder(), "submission.csv");
  const asked: number[] = [];
  const ids = Array.from({ length: 2500 }, (_, index) => `${index}`);
  await writeSubmission(path, ids, (index) => {
    asked.push(index);
    return THIRDS;
  });
  expect(asked).toEqual(ids.map(Number));
});

test("reads any submission: other columns, other order, other ways to write a number", async () => {
  const path = await temporaryFile(
    "winner_tie,note,id,winner_model_b,winner_model_a\r\n5e-1,x,7,.25, 0.25\r\n0,y,8,1,0",
  );
  expect(await readSubmission(path)).toEqual({
    ids: ["7", "8"],
    idColumn: "id",
    probabilities: withTie([0.25, 0.25, 0.5, 0, 1, 0]),
  });
});

test("refuses to read a submission with broken rows, naming each line", async () => {
  const path = await temporaryFile("id,winner_model_a,winner_model_b,winner_tie\n1,1,0,0\n1,,1,0\n2,0.5,0.4,0\n");
  await expect(readSubmission(path)).rejects.toMatchObject({
    code: "data",
    message: `${path}, line 3: a probability is empty (and 2 more problems). Each row needs a probability for each class, a number from 0 to 1.`,
    details: expect.arrayContaining([
      `${path}, line 3: the id "1" is already on line 2`,
      `${path}, line 4: the probabilities sum to 0.9`,
    ]),
  });
});

test("writes 25,000 rows of an input that validate", async () => {
  const header = "id,prompt,response_a,response_b\n";
  const input = await temporaryFile(header);
  await writeFile(input, header + Array.from({ length: 25_000 }, (_, index) => `${index * 97_003},p,a,b\n`).join(""));
  await using dataset = await openDataset(input);
  const path = `${input}.submission.csv`;
  await writeSubmission(path, dataset.ids, (index) => [0.3, (index % 70) / 100, 0.7 - (index % 70) / 100]);
  expect(await validateSubmission(path, dataset.ids)).toEqual([]);
});
