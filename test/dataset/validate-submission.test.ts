import { expect, test } from "vitest";
import { validateSubmission } from "../../src/dataset/submission/validate-submission.ts";
import { CLASSES, WITHOUT_TIE } from "../../src/types.ts";
import { temporaryFile } from "./temporary-file.ts";

const HEADER = "id,winner_model_a,winner_model_b,winner_tie";

/** What is found in a submission for the ids 1, 2 and 3, one line for each finding. */
async function findings(content: string, ids: readonly string[] = ["1", "2", "3"]): Promise<readonly string[]> {
  const problems = await validateSubmission(await temporaryFile(content), ids);
  return problems.flatMap((problem) => problem.findings.map(({ line, text }) => `${problem.level} ${line}: ${text}`));
}

test("accepts a valid submission", async () => {
  expect(await findings(`${HEADER}\n1,1,0,0\n2,0.2,0.3,0.5\n3,0.333333,0.333333,0.333334\n`)).toEqual([]);
});

test("accepts a sum that is a millionth short of 1, and no more than that", async () => {
  expect(await findings(`${HEADER}\n1,0.333333,0.333333,0.333333\n2,0.333334,0.333334,0.333333\n3,1,0,0\n`)).toEqual(
    [],
  );
  expect(await findings(`${HEADER}\n1,0.333332,0.333333,0.333333\n2,0.333334,0.333334,0.333334\n3,1,0,0\n`)).toEqual([
    "error 2: the probabilities sum to 0.999998",
    "error 3: the probabilities sum to 1.000002",
  ]);
});

test("finds ids that are missing, unknown, there twice or empty, all at once", async () => {
  expect(await findings(`${HEADER}\n1,1,0,0\n1,1,0,0\n,1,0,0\n03,1,0,0\n`)).toEqual([
    'error 3: the id "1" is already on line 2',
    "error 4: the id is empty",
    'error 5: the id "03" is not among the input\'s',
    'error null: the id "2" (row 2 of the input) is missing',
    'error null: the id "3" (row 3 of the input) is missing',
  ]);
});

test.each(["", "NaN", "nan", "-0.1", "1.1", "inf", "1e5", "one", "0,5", "0x1"])(
  "refuses the probability %j",
  async (cell) => {
    expect(await findings(`${HEADER}\n1,1,0,0\n2,"${cell}",0.5,0.5\n3,1,0,0\n`)).toEqual([
      cell === "" ? "error 3: a probability is empty" : `error 3: ${JSON.stringify(cell)} is no number from 0 to 1`,
    ]);
  },
);

test("finds rows with a wrong number of cells", async () => {
  expect(await findings(`${HEADER}\n1,1,0,0\n2,1,0\n3,1,0,0\n`)).toEqual([
    "error 3: the row has 3 cells, the header has 4",
    'error null: the id "2" (row 2 of the input) is missing',
  ]);
});

test("refuses columns that do not belong there", async () => {
  expect(await findings(`${HEADER},prompt\n1,1,0,0,p\n2,1,0,0,p\n3,1,0,0,p\n`)).toEqual([
    'error 1: columns that do not belong there: "prompt"',
  ]);
});

test("only notes another order of rows or columns", async () => {
  expect(await findings("winner_tie,id,winner_model_b,winner_model_a\n0,1,0,1\n0,3,0,1\n0,2,0,1\n")).toEqual([
    "note 1: the columns are in the order winner_tie, id, winner_model_b, winner_model_a",
    "note 3: from here on the rows are in another order than the input's",
  ]);
});

test("lists at most 20 of a kind and counts all", async () => {
  const ids = Array.from({ length: 25_000 }, (_, index) => `${index}`);
  const [problem, ...others] = await validateSubmission(await temporaryFile(`${HEADER}\n7,1,0,0\n`), ids);
  expect(others).toEqual([]);
  expect(problem).toMatchObject({ level: "error", count: 24_999 });
  expect(problem?.findings).toHaveLength(20);
});

test("refuses a file without the columns, or without rows", async () => {
  await expect(findings("id,prompt\n1,p\n")).rejects.toThrow(/the column "winner_model_a" is missing/);
  await expect(findings(`${HEADER}\n`)).rejects.toThrow(/the file has a header but no rows/);
});

test("a submission without the column of the tie is one of two classes, which a note says, unless three are expected", async () => {
  const path = await temporaryFile("id,winner_model_a,winner_model_b\n7,0.25,0.75\n");
  const problems = await validateSubmission(path, ["7"]);
  expect(problems.map(({ level }) => level)).toEqual(["note"]);
  expect(problems[0]?.findings[0]?.text).toBe(
    'there is no column "winner_tie": the file is read as one of two classes',
  );
  expect(await validateSubmission(path, ["7"], {}, WITHOUT_TIE)).toEqual([]);
  await expect(validateSubmission(path, ["7"], {}, CLASSES)).rejects.toThrow('the column "winner_tie" is missing');
});

test("a submission of which the column of the tie was lost is refused, because its rows do not sum to 1", async () => {
  const path = await temporaryFile("id,winner_model_a,winner_model_b\n7,0.25,0.5\n");
  const problems = await validateSubmission(path, ["7"]);
  expect(problems.filter(({ level }) => level === "error")).toHaveLength(1);
});
