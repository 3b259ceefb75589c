import { expect, test } from "vitest";
import { guessedPace, slowerBy, startUpOf, withBenches } from "../../src/job/engine-guesses.ts";

const pilot = { tokensPerSecond: [5_000, 6_000] as const, startUpSeconds: [20, 31] as const };

test("the labelled rows' ratio of speeds holds for the pace of this run, and that of the starts for an engine that was not started yet", () => {
  const pace = guessedPace({ secondsPerRow: 0.01, secondsPerToken: 0.000_2, error: 0.1 }, slowerBy(pilot));
  expect(pace.secondsPerToken).toBeCloseTo((0.000_2 * 5_000) / 6_000, 12);
  // On a cold disk the first took twelve times as long as with the labelled rows.
  expect(startUpOf(null, { pilot, first: 240 }).seconds).toBe(372);
  expect(startUpOf(25, { pilot, first: 10 }).seconds).toBe(25);
});

test("what labelled rows did not tell is guessed with a larger error: eight times as slow, a start twice as long", () => {
  for (const unknown of [{ tokensPerSecond: null, startUpSeconds: [20, null] as const }, null]) {
    expect(slowerBy(unknown).factor).toBe(8);
    expect(slowerBy(unknown).error).toBeGreaterThan(slowerBy(pilot).error);
    const start = startUpOf(null, { pilot: unknown, first: 10 });
    expect(start.seconds).toBe(20);
    expect(start.error).toBeGreaterThan(startUpOf(null, { pilot, first: 10 }).error);
  }
});

test.each([
  ["the first engine ran already, now", [20, 31], 0],
  ["the first engine ran already, then", [null, 31], 240],
  ["the first engine was not started yet", [20, 31], null],
] as const)(
  "the start of the labelled rows holds as it was, with a larger error, when %s",
  (_, startUpSeconds, first) => {
    const start = startUpOf(null, { pilot: { tokensPerSecond: null, startUpSeconds }, first });
    expect(start.seconds).toBe(31);
    expect(start.error).toBeGreaterThan(startUpOf(null, { pilot, first: 10 }).error);
  },
);

test.each([
  [
    "both benches, without labelled rows",
    null,
    [900, 300],
    { tokensPerSecond: [900, 300], startUpSeconds: [null, null] },
  ],
  [
    "both benches, with the starts of labelled rows",
    { tokensPerSecond: null, startUpSeconds: [20, 31] },
    [900, 300],
    { tokensPerSecond: [900, 300], startUpSeconds: [20, 31] },
  ],
  ["the labelled rows that showed the speeds too", pilot, [900, 300], pilot],
  ["no pair of speeds when the first has no bench", null, [null, 300], null],
  ["no pair of speeds when the second has no bench", null, [900, null], null],
] as const)("the ratio of the speeds comes from %s", (_, known, benches, expected) => {
  expect(withBenches(known, benches)).toEqual(expected);
});
