import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { expect, test } from "vitest";
import { type DatasetOptions, openDataset } from "../../src/dataset/open-dataset.ts";
import { AbtieError } from "../../src/errors.ts";
import { temporaryFile, temporaryFolder } from "./temporary-file.ts";

const HEADER = "id,prompt,response_a,response_b";
const LABELLED = `${HEADER},winner_model_a,winner_model_b,winner_tie`;

/** Opens a file of that content and returns the error, with the folder cut off the paths. */
async function refuse(
  content: string | Uint8Array,
  options?: DatasetOptions,
): Promise<{ message: string; details: string[] }> {
  const path = await temporaryFile(content);
  return await openDataset(path, options).then(
    async (dataset) => {
      await dataset[Symbol.asyncDispose]();
      throw new Error("the file was accepted");
    },
    (error: unknown) => {
      if (!(error instanceof AbtieError)) throw error;
      expect(error.code).toBe("data");
      const shorten = (text: string): string => text.replaceAll(path, "rows.csv");
      return { message: shorten(error.message), details: error.details.map(shorten) };
    },
  );
}

test("refuses a missing column, showing the header and the nearest name", async () => {
  const { message } = await refuse("id,prompt,respond_a,response_b\n1,p,a,b\n");
  expect(message).toBe(
    'rows.csv, line 1: the column "response_a" is missing (did you mean "respond_a"?). The header is: id, prompt, respond_a, response_b. Rename the column in the file, or name it with --set or under "columns" in the config: --set columns.response_a=respond_a.',
  );
});

test("names every missing column at once, without a suggestion where none is near", async () => {
  const { message } = await refuse("\nID,text,response_a,reponse_b\n1,p,a,b\n");
  expect(message).toContain(
    'line 2: the column "response_b" is missing (did you mean "reponse_b"?); the column "prompt" is missing. The header is',
  );
});

test("refuses a column that is there twice", async () => {
  const { message } = await refuse("id,prompt,prompt,response_a,response_b\n1,p,p,a,b\n");
  expect(message).toContain('the column "prompt" is there 2 times');
});

test("sees that the cells are separated by something else", async () => {
  const { message } = await refuse("id|prompt|response_a|response_b\n1|p|a|b\n");
  expect(message).toContain("The cells must be separated by commas, tabs or semicolons.");
});

test.each([
  ["JSON Lines", '"}\n', "rows.csv, line 1: the line is nested in more than 256 levels"],
  ["a JSON document", '"}]', "rows.csv: a record is nested in more than 256 levels"],
])("refuses %s with a value that is nested without measure, and is no bug then", async (_kind, end, expected) => {
  const deep = "[".repeat(100_000) + "]".repeat(100_000);
  const record = `{"id":"1","prompt":${deep},"response_a":"a","response_b":"b${end}`;
  expect((await refuse(end.endsWith("]") ? `[${record}` : record)).message).toContain(expected);
});

test("refuses label columns that are there in part", async () => {
  const { message } = await refuse(`${HEADER},winner_model_a,winner_tie\n1,p,a,b,1,0\n`);
  expect(message).toContain('the column "winner_model_b" is missing. The header is');
});

test("suggests the columns with texts that are probably meant, as flags", async () => {
  const { message } = await refuse("nr,user input text,left_side,right_side,model_a,model_b\n1,p,a,b,m,n\n");
  expect(message).toMatch(
    /: --set columns\.id=nr --set 'columns\.prompt=user input text' --set columns\.response_a=left_side --set columns\.response_b=right_side\.$/,
  );
  const inOrder = await refuse("id,ask,left,other,model\n1,p,a,b,m\n");
  expect(inOrder.message).toMatch(
    /--set columns\.prompt=ask --set columns\.response_a=left --set columns\.response_b=other\.$/,
  );
  const nothing = await refuse("w,x,y,z\n1,p,a,b\n");
  expect(nothing.message).toMatch(
    /--set columns\.prompt=NAME --set columns\.response_a=NAME --set columns\.response_b=NAME\.$/,
  );
});

test("refuses a file whose ids repeat, naming both lines, also behind cells of several lines", async () => {
  const { message, details } = await refuse(`${HEADER}\n7,"p\r\n\r\np",a,b\n8,p,a,b\n\n7,p,a,b\n`);
  expect(message).toBe(
    'rows.csv, line 7: the id "7" was already used on line 2. Rows are joined by id, so each needs its own: remove or rename the later ones, or name another column with ids.',
  );
  expect(details).toEqual([]);
});

test("reports problems of all kinds at once, each with its line", async () => {
  const { message, details } = await refuse(
    `${LABELLED}\n1,p,a,b,1,0,0\n1,p,a,b,1,0,0\n,p,a,b,0,0,0\n2,p,a,b,1,0\n1,p,a,b,x,0,-1\n`,
  );
  expect(message).toMatch(
    /^rows\.csv, line 3: the id "1" was already used on line 2 \(and 5 more problems\)\. Rows are/,
  );
  expect(details).toEqual([
    'rows.csv, line 6: the id "1" was already used on line 2',
    "rows.csv, line 4: the id is empty",
    "  -> Give each row an id.",
    'rows.csv, line 4: the labels are "0", "0", "0"',
    'rows.csv, line 6: the labels are "x", "0", "-1"',
    "  -> Labels are one-hot (1, 0, 0), or numbers that are not negative and not all zero.",
    "rows.csv, line 5: the row has 6 cells, the header has 7",
    "  -> Each row needs one cell for each column; a cell with a comma in it must be quoted.",
  ]);
});

test("lists at most 20 problems of a kind and counts the rest", async () => {
  const { message, details } = await refuse(`${HEADER}\n${"1,p,a,b\n".repeat(100)}`);
  expect(message).toContain("(and 98 more problems)");
  const places = Array.from({ length: 19 }, (_, at) => at + 4).join(", ");
  expect(details).toEqual([
    `rows.csv, lines ${places}: the id "1" was already used on line 2`,
    "... and 79 more of this kind",
  ]);
});

test("says each wrong label and its remedy once", async () => {
  const rows = ["A", "Anna", "B", "Anna", "Anna", "Bert"].map((label, at) => `${at},p,a,b,${label}\n`);
  const { message, details } = await refuse(`${HEADER},winner\n${rows.join("")}`, { columns: { label: "winner" } });
  expect(message).toMatch(/^rows\.csv, line 3: the label is "Anna" \(and 3 more problems\)\. A label is a word/);
  expect(details).toEqual(['rows.csv, lines 5, 6: the label is "Anna"', 'rows.csv, line 7: the label is "Bert"']);
});

test.each(["1,,1", "NaN,0,0", "inf,0,0", "1e999,0,0", "0x1,0,0", "true,false,false", "1 2,0,0"])(
  "refuses the labels %s with their line",
  async (labels) => {
    const { message } = await refuse(`${LABELLED}\n1,p,a,b,1,0,0\n2,p,a,b,${labels}\n`);
    expect(message).toMatch(/^rows\.csv, line 3: the labels are /);
  },
);

test.each(["", "C", "A|", "A B", "A,B"])("refuses the votes %j with their line", async (votes) => {
  const { message } = await refuse(`${HEADER},votes\n1,p,a,b,A\n2,p,a,b,"${votes}"\n`, { truth: "votes" });
  expect(message).toMatch(/^rows\.csv, line 3: the votes are .*Votes are A, B or tie/);
});

test.each([
  ['1,"p"x,a,b\n2,p,a,b\n', 'in the cell "prompt" a quote is not doubled, or text follows the closing quote'],
  ['1,p,say "a",b\n2,p,a,b\n', 'the cell "response_a" holds a quote but does not begin with one'],
  ['1,p,a,"b\n2,p,a,b\n', 'the quote that opens the cell "response_b" is never closed'],
])("refuses broken quoting %j with the line where the row begins", async (rows, text) => {
  const { message } = await refuse(`${HEADER}\n0,"p\r\np",a,b\n\n${rows}`);
  expect(message.slice(0, message.indexOf(text) + text.length)).toMatch(/^rows\.csv, line 5: the row begins here, and/);
  expect(message).toContain(text);
  expect(message).toContain("each quote inside is doubled");
});

test("refuses a row that never ends without reading it all into memory", async () => {
  const { message } = await refuse(`${HEADER}\n1,p,"${"x\n".repeat(9_000_000)}`);
  expect(message).toMatch(
    /^rows\.csv, line 2: the row begins here and is longer than 16 MB; most likely the quote that opens the cell "response_a" is never closed\./,
  );
});

test("refuses text that is not UTF-8, with its lines", async () => {
  const latin1 = Buffer.from(`${HEADER}\n1,p,a,b\n2,caf\u00e9,a,b\n3,p,a,b\n4,\u00fc,a,b`, "latin1");
  const { message, details } = await refuse(latin1);
  expect(message).toBe(
    "rows.csv, line 3: the text is not UTF-8. Save the file as UTF-8, for example with: iconv -f latin1 -t utf-8.",
  );
  expect(details).toEqual([]);
  expect((await refuse(Buffer.from(`\ufeff${HEADER}\n1,p,a,b\n`, "utf16le"))).message).toContain(
    "rows.csv is UTF-16 text. Expected CSV, JSON Lines, JSON or Parquet, each also packed with gzip. Convert it: iconv",
  );
});

test("refuses the line ends of old Macs", async () => {
  const { message } = await refuse(`${HEADER}\r1,p,a,b\r`);
  expect(message).toBe(
    "rows.csv, line 1: the header holds a carriage return, as in files with the line ends of old Macs. Convert it: tr '\\r' '\\n'.",
  );
});

test.each([
  ["", "the file is empty"],
  ["\ufeff", "the file is empty"],
  ["\n\r\n\n", "the file is empty"],
  [HEADER, "the file has a header but no rows"],
  [`${HEADER}\n\n`, "the file has a header but no rows"],
])("refuses the file %j", async (content, text) => {
  const { message } = await refuse(content);
  expect(message).toBe(`rows.csv: ${text}. Expected a CSV file with a header line and at least one row.`);
});

test("refuses a missing file, a folder and a pipe", async () => {
  const folder = await temporaryFolder();
  await expect(openDataset(join(folder, "no.csv"))).rejects.toThrow(
    /cannot read .*no\.csv \(ENOENT\): .*check the path/,
  );
  await mkdir(join(folder, "sub"));
  await expect(openDataset(join(folder, "sub"))).rejects.toThrow(/sub is a folder, and a file with rows was expected/);
  await execa("mkfifo", [join(folder, "pipe")]);
  await expect(openDataset(join(folder, "pipe"))).rejects.toThrow(
    /pipe is a pipe or a device, and a file with rows was expected/,
  );
});
