import { expect, test } from "vitest";
import { pilotOf } from "../../src/escalate/pilot.ts";
import { guessedPace, slowerBy, startUpOf } from "../../src/job/escalator.ts";

const judge = (msPerRow: number | null, tokens: readonly number[], seconds: number | null) => ({
  msPerRow,
  longestStartUpSeconds: seconds,
  // The last row has no answer in the swapped order.
  orders: { ab: { tokens: Uint32Array.from(tokens) }, ba: { tokens: Uint32Array.from([...tokens.slice(0, -1), 0]) } },
});

test("labelled rows tell the speed of both judges and the start of the second", () => {
  const pilot = pilotOf([judge(20, [100, 100], null), judge(50, [300, 300], 31)]);
  expect(pilot).toEqual({ tokensPerSecond: [5_000, 6_000], startUpSeconds: 31 });
  // A run of other rows, in which the first judge takes 0.2 ms a token.
  const pace = guessedPace({ secondsPerRow: 0.01, secondsPerToken: 0.000_2, error: 0.1 }, slowerBy(pilot));
  expect(pace.secondsPerToken).toBeCloseTo((0.000_2 * 5_000) / 6_000, 12);
  expect(startUpOf(null, { pilot, first: 10 }).seconds).toBe(31);
  expect(startUpOf(25, { pilot, first: 10 }).seconds).toBe(25);
});

test("what labelled rows did not tell is guessed with a larger error: eight times as slow, a start twice as long", () => {
  const told = pilotOf([judge(20, [100], null), judge(50, [300], 31)]);
  const pilot = pilotOf([judge(null, [100], null), judge(50, [300], null)]);
  expect(pilot).toEqual({ tokensPerSecond: null, startUpSeconds: null });
  for (const known of [pilot, null]) {
    expect(slowerBy(known).factor).toBe(8);
    expect(slowerBy(known).error).toBeGreaterThan(slowerBy(told).error);
    const start = startUpOf(null, { pilot: known, first: 10 });
    expect(start.seconds).toBe(20);
    expect(start.error).toBeGreaterThan(startUpOf(null, { pilot: told, first: 10 }).error);
  }
});
