import { expect, test } from "vitest";
import { columnWithIds } from "../../src/dataset/read-ids.ts";
import { temporaryFile } from "./temporary-file.ts";

const file = (): Promise<string> =>
  temporaryFile(["battle,text", ...Array.from({ length: 40 }, (_, row) => `b-${row},t-${row % 39}`)].join("\n"));
const ids = (from: number, to: number): readonly string[] =>
  Array.from({ length: to - from }, (_, at) => `b-${from + at}`);

test.each([
  ["all rows", ids(0, 40), "battle"],
  ["all rows but the first", ids(1, 40), "battle"],
  ["a few rows in the middle", ids(10, 14), "battle"],
  ["other rows", ids(50, 90), null],
  ["rows of which half are here", ids(30, 50), null],
])("the column that has given ids is found by its values: %s", async (_, wanted, name) => {
  expect(await columnWithIds(await file(), wanted)).toBe(name);
});

test("a column with a value twice has no ids", async () => {
  const wanted = Array.from({ length: 40 }, (_, row) => `t-${row}`);
  expect(await columnWithIds(await file(), wanted)).toBeNull();
});
