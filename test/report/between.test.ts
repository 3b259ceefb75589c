import { expect, test } from "vitest";
import { rowsBetween } from "../../src/report/charts/between.ts";
import type { ReportRow } from "../../src/report/data/run-data.ts";

function row(id: string, b: number, truth: ReportRow["truth"]): ReportRow {
  const rest = { mass: 1, tokens: 9, cutTokens: 0, source: "one-order", reason: null } as const;
  return { id, probabilities: [1 - b, b], truth, ...rest };
}

test("rows stand in the bar of their probability of B, parted by truth; a row labelled as a tie has none", () => {
  const rows = [row("x", 0.02, [1, 0]), row("y", 0.03, [0, 1]), row("z", 0.04, null), row("sure", 1, [0, 1])];
  const picture = rowsBetween(rows, [{ row: row("sure", 1, [0, 1]), target: "row-1" }]);
  const markup = picture.markup.replaceAll("\u00a0", " ");
  const titles = [...markup.matchAll(/<rect class="(s-\w+)"[^>]*><title>([^<]*)</g)].map(([, colour, text]) => [
    colour,
    text,
  ]);
  expect(titles).toEqual([
    ["s-a", "0 % to 5 %, truth A: 1 row"],
    ["s-b", "0 % to 5 %, truth B: 1 row"],
    ["s-none", "0 % to 5 %, truth unknown: 1 row"],
    ["s-b", "95 % to 100 %, truth B: 1 row"],
  ]);
  expect(markup).toContain("25 % are above one half");
  expect(markup).toContain('href="#row-1"');
});
