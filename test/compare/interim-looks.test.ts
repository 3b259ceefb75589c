import fc from "fast-check";
import { expect, test } from "vitest";
import {
  createSequentialPairs,
  levelOfPair,
  pairsOf,
  replay,
  type SequentialPlan,
} from "../../src/compare/interim-looks.ts";
import { groupOrder } from "../../src/stats/groups.ts";
import { seeded } from "../helpers/random.ts";

function options(variants: number, rows: number, margin: number | null = null): SequentialPlan {
  const groups = Uint32Array.from({ length: rows }, (_, row) => Math.floor(row / 2));
  return { variants, order: groupOrder(groups, 1), groups, bound: 5, level: 0.95, margin };
}

/** Losses of variants with the given means. */
function judges(rows: number, means: readonly number[]): (number | null)[][] {
  const random = seeded(9);
  return Array.from({ length: rows }, () => means.map((mean) => mean + (random() - 0.5)));
}

test("lists every pair once, and splits the level so that all results hold together", () => {
  expect(pairsOf(3)).toEqual([
    [0, 1],
    [0, 2],
    [1, 2],
  ]);
  expect(levelOfPair(0.95, 3)).toBeCloseTo(1 - 0.05 / 3, 12);
});

test("is decided once one variant beats every other, even when the order of the others is open", () => {
  const rows = 800;
  const losses = judges(rows, [1.5, 1, 1.5]);
  const whole = replay(options(3, rows), (row) => losses[row] ?? null);
  expect(whole.states.map(({ verdict }) => verdict)).toEqual(["better", "undecided", "worse"]);
  expect(whole.decidedAfter).toBeLessThan(rows);
  expect(whole.looks.map((path) => path.length)).toEqual(
    whole.looks.map((path) => new Set(path.map(({ rows }) => rows)).size),
  );
});

test("is not decided while the two best are open, and calls them equivalent within a margin", () => {
  const losses = judges(800, [1, 1, 2]);
  expect(replay(options(3, 800), (row) => losses[row] ?? null).decidedAfter).toBeNull();
  const margin = replay(options(3, 800, 0.2), (row) => losses[row] ?? null);
  expect(margin.states[0]?.verdict).toBe("equivalent");
  expect(margin.decidedAfter).not.toBeNull();
});

test("gives the same result in whatever order rows are answered", () => {
  const rows = 60;
  const losses = judges(rows, [1, 1.3]);
  const planned = options(2, rows);
  const expected = replay(planned, (row) => losses[row] ?? null).states;
  fc.assert(
    fc.property(fc.shuffledSubarray(Array.from(planned.order), { minLength: rows, maxLength: rows }), (arrival) => {
      const pairs = createSequentialPairs(planned);
      for (const row of arrival) pairs.add(row, losses[row] ?? []);
      expect(pairs.states()).toEqual(expected);
    }),
    { numRuns: 50 },
  );
});

test("leaves out rows that could not be scored, and waits for rows that are not yet scored", () => {
  const losses = judges(40, [1, 1.3]);
  const planned = options(2, 40);
  const [first = 0, second = 0, third = 0] = planned.order;
  losses[first] = [null, 1];
  const pairs = createSequentialPairs(planned);
  pairs.add(third, losses[third] ?? []);
  pairs.add(second, losses[second] ?? []);
  expect(pairs.states()[0]).toMatchObject({ rows: 0, groups: 0 });
  pairs.add(first, losses[first] ?? []);
  expect(pairs.states()[0]).toMatchObject({ rows: 1, groups: 1 });
});

test("gives the same verdicts with and without fine intervals", () => {
  const losses = judges(500, [1, 1.15, 1.02]);
  const planned = options(3, 500, 0.1);
  const [fine, coarse] = [true, false].map((is) => {
    return replay({ ...planned, fine: is }, (row) => losses[row] ?? null);
  });
  expect(coarse?.states.map(({ verdict }) => verdict)).toEqual(fine?.states.map(({ verdict }) => verdict));
  expect(coarse?.outAfter).toEqual(fine?.outAfter);
  expect(coarse?.outAfter.filter((after) => after !== null).length).toBeGreaterThan(0);
});
