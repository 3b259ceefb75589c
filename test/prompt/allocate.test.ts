import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { allocate, shareOut, type TurnTokens } from "../../src/prompt/packing/allocate.ts";

const OVERHEAD = { base: 50, perTurn: 10, marker: 8 };

function turn(prompt: number, a: number, b: number): TurnTokens {
  return { prompt, a, b };
}

const turns: fc.Arbitrary<TurnTokens> = fc.record({
  prompt: fc.nat({ max: 500 }),
  a: fc.nat({ max: 900 }),
  b: fc.nat({ max: 900 }),
});

describe("shareOut", () => {
  test("gives 20 : 40 : 40 to texts that all want more", () => {
    expect(shareOut(turn(500, 900, 800), 100)).toEqual(turn(20, 40, 40));
  });

  test("shares the tokens that one text does not need among the others", () => {
    expect(shareOut(turn(5, 900, 800), 105)).toEqual(turn(5, 50, 50));
    expect(shareOut(turn(500, 10, 900), 100)).toEqual(turn(30, 10, 60));
    expect(shareOut(turn(500, 0, 0), 100)).toEqual(turn(100, 0, 0));
    expect(shareOut(turn(1, 2, 3), 100)).toEqual(turn(1, 2, 3));
  });

  test("never exceeds the room or the length of a text, wastes under 3 tokens, and treats both answers alike", () => {
    fc.assert(
      fc.property(turns, fc.nat({ max: 2500 }), (wanted, room) => {
        const caps = shareOut(wanted, room);
        const sum = caps.prompt + caps.a + caps.b;
        const all = wanted.prompt + wanted.a + wanted.b;
        expect(sum).toBeLessThanOrEqual(room);
        expect(sum).toBeGreaterThan(Math.min(all, room) - 3);
        for (const key of ["prompt", "a", "b"] as const) expect(caps[key]).toBeLessThanOrEqual(wanted[key]);
        expect(shareOut(turn(wanted.prompt, wanted.b, wanted.a), room)).toEqual(turn(caps.prompt, caps.b, caps.a));
        // An answer that was cut is not shorter than the other answer.
        if (caps.a < wanted.a) expect(caps.a).toBeGreaterThanOrEqual(caps.b);
        if (caps.b < wanted.b) expect(caps.b).toBeGreaterThanOrEqual(caps.a);
      }),
    );
  });
});

describe("allocate", () => {
  test("keeps everything whole that fits", () => {
    const latestFirst = [turn(10, 100, 100), turn(20, 200, 200)];
    expect(allocate(latestFirst, 2, 640, OVERHEAD)).toEqual({ kept: 2, caps: null });
  });

  test("shortens the first turn that does not fit, counting back from the last", () => {
    const latestFirst = [turn(10, 100, 100), turn(20, 200, 200), turn(5, 5, 5)];
    expect(allocate(latestFirst, 3, 400, OVERHEAD)).toEqual({ kept: 2, caps: turn(20, 76, 76) });
  });

  test("drops an earlier turn that would get under 80 tokens, and all before it", () => {
    const latestFirst = [turn(10, 100, 100), turn(20, 200, 200), turn(5, 5, 5)];
    expect(allocate(latestFirst, 3, 210 + 10 + 8 + 80, OVERHEAD).kept).toBe(2);
    expect(allocate(latestFirst, 3, 210 + 10 + 8 + 79, OVERHEAD)).toEqual({ kept: 1, caps: null });
  });

  test("keeps a short earlier turn that fits whole", () => {
    expect(allocate([turn(10, 100, 100), turn(5, 5, 5)], 2, 235, OVERHEAD)).toEqual({ kept: 2, caps: null });
  });

  test("always keeps the last turn, even in no room at all", () => {
    expect(allocate([turn(10, 100, 100)], 4, 0, OVERHEAD)).toEqual({ kept: 1, caps: turn(0, 0, 0) });
    expect(allocate([turn(10, 100, 100)], 4, 58, OVERHEAD)).toEqual({ kept: 1, caps: turn(10, 20, 20) });
  });

  test("stays within the room, counting each turn's own overhead and the line about dropped turns", () => {
    fc.assert(
      fc.property(fc.array(turns, { minLength: 1, maxLength: 6 }), fc.nat({ max: 6000 }), (latestFirst, room) => {
        const { kept, caps } = allocate(latestFirst, latestFirst.length, room, OVERHEAD);
        const stay = latestFirst.slice(0, kept).map((one, i) => (i === kept - 1 && caps !== null ? caps : one));
        const texts = stay.reduce((sum, one) => sum + one.prompt + one.a + one.b, 0);
        const around = (kept - 1) * OVERHEAD.perTurn + (kept < latestFirst.length ? OVERHEAD.marker : 0);
        expect(kept).toBeGreaterThan(0);
        if (texts > 0) expect(texts + around).toBeLessThanOrEqual(room);
      }),
    );
  });
});
