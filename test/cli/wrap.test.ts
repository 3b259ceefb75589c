import * as fc from "fast-check";
import { expect, test } from "vitest";
import { wrapText } from "../../src/cli/render/wrap.ts";

test.each([
  ["--set 'columns.prompt=user input text'"],
  ["--set columns.id=nr --set 'columns.prompt=user input' --force"],
  ["--row=9 -t 'my rules'"],
  ["-o out"],
  [`'it'\\''s one name'`],
  ['"a \\"b\\" and c"'],
  ["`abtie calibrate RUN -o cal.json`"],
  ["'columns.prompt=user input text',"],
  ["/home/me/My Documents/rows of today.csv,"],
  ["../some rows/a b/c.jsonl:"],
  ["(Debian: apt install python3 python3-venv),"],
])("what is copied is not broken: %s", (piece) => {
  const at = piece.startsWith("(") ? piece.indexOf("apt") : 0;
  for (const width of [10, 20, 40, 60, 80]) {
    const shown = wrapText(`The column is missing: add ${piece} or rename the column in the file.`, width);
    expect(shown.split("\n").filter((line) => line.includes(piece.slice(at)))).toHaveLength(1);
  }
});

test.each([
  ["Next: abtie run job.yaml --shard 1/8, which writes", "abtie run job.yaml --shard 1/8,"],
  ["Before it: abtie show job.yaml (one prompt)", "abtie show job.yaml"],
  ["Name the folder of a training (abtie merge RUN), or the base", "(abtie merge RUN),"],
  ["Convert it: iconv -f utf-16 -t utf-8 OLD > NEW.", "iconv -f utf-16 -t utf-8 OLD > NEW."],
])("a command is not broken, and what follows it is: %s", (text, command) => {
  const lines = wrapText(text, 12).split("\n");
  expect(lines).toContain(command);
});

test.each([
  ["the judges' rows and the users' files"],
  ["it doesn't fit and that isn't all"],
  ["with -o, then some more words"],
  ["a - b and c - d"],
  ["/tmp/rows.csv, line 3: the id is empty"],
  ['5" and 6" are no quotes'],
])("words are broken apart: %s", (text) => {
  for (const line of wrapText(text, 14).split("\n")) expect(line.length).toBeLessThanOrEqual(14);
});

test("no character is lost, and only a piece without a place to break is longer than the line", () => {
  const words = fc.array(
    fc.oneof(
      fc.stringMatching(/^[ -~]{1,12}$/),
      fc.constantFrom("'", '"', "`", "--set", "-t", "/a/b", "abtie", "it's"),
    ),
    { minLength: 1, maxLength: 30 },
  );
  void fc.assert(
    fc.property(words, fc.integer({ min: 10, max: 100 }), (parts, width) => {
      const text = parts.join(" ").trim();
      const shown = wrapText(text, width);
      expect(shown.replaceAll(/\s+/g, " ")).toBe(text.replaceAll(/\s+/g, " "));
      for (const line of shown.split("\n")) {
        if (line.length > width) expect(wrapText(line, 1)).toBe(line);
      }
    }),
  );
});
