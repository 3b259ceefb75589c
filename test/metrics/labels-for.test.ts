import fc from "fast-check";
import { expect, test } from "vitest";
import { rowAt } from "../../src/class-matrix.ts";
import { labelsFor, leftOutTies } from "../../src/metrics/labels-for.ts";
import { CLASSES, WITHOUT_TIE } from "../../src/types.ts";
import { withTie } from "../helpers/matrix.ts";

const LABELS = withTie([1, 0, 0, 0, 0, 1, 0, 1, 0, 0.25, 0.25, 0.5, 0.5, 0, 0.5]);

test("labels for a judge of three classes are those of the file", () => {
  expect(labelsFor(CLASSES, LABELS)).toEqual({ truth: LABELS, rows: Uint32Array.of(0, 1, 2, 3, 4), ties: 0 });
});

test("labels for a judge of two classes leave out the ties, and the votes for a tie of the other rows", () => {
  const { truth, rows, ties } = labelsFor(WITHOUT_TIE, LABELS);
  expect([...rows]).toEqual([0, 2, 3, 4]);
  expect([...rows].map((row) => rowAt(truth, row))).toEqual([
    [1, 0],
    [0, 1],
    [0.5, 0.5],
    [1, 0],
  ]);
  expect(rowAt(truth, 1)).toEqual([Number.NaN, Number.NaN]);
  expect(ties).toBe(1);
  expect(leftOutTies({ ties })).toBe("1 row that is labelled as a tie was left out, because the judge knows no tie");
  expect(leftOutTies({ ties: 0 })).toBeNull();
});

test("every row is used or counted as a tie, and used rows keep the ratio of A and B and sum to 1", () => {
  const votes = fc.tuple(fc.nat(4), fc.nat(4), fc.nat(4)).filter((counts) => counts.some((count) => count > 0));
  fc.assert(
    fc.property(fc.array(votes, { maxLength: 30 }), (list) => {
      const shares = list.flatMap((counts) => counts.map((count) => count / (counts[0] + counts[1] + counts[2])));
      const { truth, rows, ties } = labelsFor(WITHOUT_TIE, withTie(shares));
      expect(rows.length + ties).toBe(list.length);
      for (const row of rows) {
        const [a, b] = rowAt(truth, row);
        const [votesA = 0, votesB = 0] = list[row] ?? [];
        expect(a + b).toBeCloseTo(1, 12);
        expect(a * votesB).toBeCloseTo(b * votesA, 12);
      }
    }),
  );
});
