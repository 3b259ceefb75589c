import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { matrixOf } from "../../src/class-matrix.ts";
import { assignFolds, countSplitGroups } from "../../src/training/folds.ts";
import { CLASSES, type PerClass } from "../../src/types.ts";

const ONE_HOT: readonly PerClass[] = [
  [1, 0, 0],
  [0, 1, 0],
  [0, 0, 1],
];
const rows = fc.array(fc.record({ group: fc.nat(20), label: fc.nat(2) }), { minLength: 1, maxLength: 200 });
const count = fc.integer({ min: 2, max: 7 });

function inputOf(list: readonly { readonly group: number; readonly label: number }[], seed = 0) {
  return {
    groups: Uint32Array.from(list, ({ group }) => group),
    truth: matrixOf(
      CLASSES,
      list.map(({ label }) => ONE_HOT[label] ?? [1, 0, 0]),
    ),
    seed,
  };
}

/** Number of rows of each class in each fold. */
function countsOf(list: readonly { readonly label: number }[], folds: Uint32Array, folds_: number): number[][] {
  const counts = Array.from({ length: folds_ }, () => [0, 0, 0]);
  for (const [row, { label }] of list.entries()) {
    const fold = counts[folds[row] ?? -1];
    if (fold === undefined) throw new Error(`row ${row} has the fold ${folds[row]}`);
    fold[label] = (fold[label] ?? 0) + 1;
  }
  return counts;
}

describe("folds by prompt", () => {
  test("keep the rows of a prompt together, give every row a fold, and depend on the seed alone", () => {
    fc.assert(
      fc.property(rows, count, fc.nat(1000), (list, folds, seed) => {
        const input = inputOf(list, seed);
        const assigned = assignFolds({ by: "prompt", count: folds }, input);
        expect(countSplitGroups(assigned, input.groups)).toBe(0);
        countsOf(list, assigned, folds);
        expect(assignFolds({ by: "prompt", count: folds }, inputOf(list, seed))).toEqual(assigned);
      }),
    );
  });

  test("differ by at most one row of each class when every row has a prompt of its own", () => {
    fc.assert(
      fc.property(rows, count, fc.nat(1000), (list, folds, seed) => {
        const alone = list.map(({ label }, group) => ({ group, label }));
        const counts = countsOf(alone, assignFolds({ by: "prompt", count: folds }, inputOf(alone, seed)), folds);
        for (const label of [0, 1, 2]) {
          const ofLabel = counts.map((fold) => fold[label] ?? 0);
          expect(Math.max(...ofLabel) - Math.min(...ofLabel)).toBeLessThanOrEqual(1);
        }
      }),
    );
  });

  test("spread ties that sit in few prompts, where a hash of the prompt leaves a fold without any", () => {
    // As in a public data set: 999 rows of 170 prompts, and all 105 ties in 36 of them.
    const list = Array.from({ length: 999 }, (_, row) => {
      const group = row % 170;
      return { group, label: group % 5 === 0 && Math.floor(row / 170) < 3 ? 2 : row % 2 };
    });
    const counts = countsOf(list, assignFolds({ by: "prompt", count: 5 }, inputOf(list)), 5);
    const ties = counts.map((fold) => fold[2] ?? 0);
    expect(ties.reduce((sum, tie) => sum + tie)).toBe(102);
    expect(Math.max(...ties) - Math.min(...ties)).toBeLessThanOrEqual(3);
    const sizes = counts.map((fold) => fold.reduce((sum, rowsOfLabel) => sum + rowsOfLabel));
    expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(12);
    const hashed = countsOf(
      list,
      Uint32Array.from(list, ({ group }) => group % 5),
      5,
    );
    expect(hashed.map((fold) => fold[2])).toEqual([102, 0, 0, 0, 0]);
  });

  test("take votes as shares of the classes", () => {
    const truth = matrixOf(
      CLASSES,
      Array.from({ length: 60 }, (): PerClass => [0.5, 0.25, 0.25]),
    );
    const folds = assignFolds(
      { by: "prompt", count: 4 },
      { groups: Uint32Array.from({ length: 60 }, (_, row) => row), truth, seed: 1 },
    );
    expect([0, 1, 2, 3].map((fold) => folds.filter((found) => found === fold).length)).toEqual([15, 15, 15, 15]);
  });
});

test("folds by position are those of the published trainings: row position modulo the number of folds", () => {
  const rowCount = 57_477;
  const list = Array.from({ length: rowCount }, (_, row) => ({ group: row % 51_734, label: row % 3 }));
  const input = inputOf(list);
  const folds = assignFolds({ by: "position", count: 5 }, input);
  expect(folds.filter((fold) => fold === 0).length).toBe(11_496);
  expect([...folds.slice(0, 7)]).toEqual([0, 1, 2, 3, 4, 0, 1]);
  expect(countSplitGroups(folds, input.groups)).toBeGreaterThan(0);
  expect(assignFolds({ by: "position", count: 100 }, inputOf(list)).filter((fold) => fold === 0).length).toBe(575);
});

test("without folds every row is in fold 0", () => {
  expect([
    ...assignFolds(
      { by: "none", count: 1 },
      inputOf([
        { group: 3, label: 1 },
        { group: 4, label: 0 },
      ]),
    ),
  ]).toEqual([0, 0]);
});
