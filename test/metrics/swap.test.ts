import { expect, test } from "vitest";
import type { ClassMatrix } from "../../src/class-matrix.ts";
import { swapStudy } from "../../src/metrics/swap.ts";
import { withTie } from "../helpers/matrix.ts";

const OPTIONS = { seed: 1, resamples: 500 };

test("counts flips and their direction as the published swap studies do", () => {
  const verdicts: readonly (readonly [ab: number, ba: number])[] = [
    [0, 0], // a in both orders: consistent
    [2, 2], // tie in both: consistent
    [0, 1], // whatever is shown first: toward first
    [1, 0], // whatever is shown second: toward second
    [0, 2], // a when shown first, else tie: toward first
    [2, 1], // b when shown first, else tie: toward first
    [2, 0], // a only when shown second: toward second
    [1, 1],
  ];
  const study = swapStudy(
    confident(verdicts.map(([ab]) => ab)),
    confident(verdicts.map(([, ba]) => ba)),
    rows(8),
    OPTIONS,
  );
  expect(study).toMatchObject({
    pairs: 8,
    flips: 5,
    flipRate: 0.625,
    towardFirst: 3,
    towardSecond: 2,
    positionBias: 0.125,
  });
  expect(study.flipInterval.low).toBeGreaterThan(0.2);
  expect(study.flipInterval.high).toBeLessThan(0.9);
});

test("finds how far the log odds move towards the answer shown first", () => {
  // Without the shift of 0.3 both orders would say log odds 0.5 for a.
  const ab = withTie(new Array(20).fill(withLogOdds(0.8)).flat());
  const ba = withTie(new Array(20).fill(withLogOdds(0.2)).flat());
  const { logOddsShift } = swapStudy(ab, ba, rows(20), OPTIONS);
  expect(logOddsShift.mean).toBeCloseTo(0.3, 12);
  expect(logOddsShift.error?.interval.low).toBeCloseTo(0.3, 12);
});

test("a probability of 0 moves the log odds far, not to infinity", () => {
  const { logOddsShift } = swapStudy(withTie([1, 0, 0]), withTie([0, 1, 0]), rows(1), OPTIONS);
  expect(logOddsShift.mean).toBeCloseTo(52 * Math.LN2, 9);
});

function withLogOdds(odds: number): number[] {
  const a = 0.9 / (1 + Math.exp(-odds));
  return [a, 0.9 - a, 0.1];
}

function confident(winners: readonly number[]): ClassMatrix {
  return withTie(winners.flatMap((winner) => [0, 1, 2].map((k) => (k === winner ? 0.8 : 0.1))));
}

function rows(count: number): Uint32Array {
  return Uint32Array.from({ length: count }, (_, row) => row);
}
