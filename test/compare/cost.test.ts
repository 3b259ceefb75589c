import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cachedShares, covered } from "../../src/compare/cost.ts";
import { createPrefixMeter } from "../../src/compare/prefix-meter.ts";

describe("the time covered by requests", () => {
  it("counts what overlaps once and what lies between not at all", () => {
    const stretches = [
      { from: 10, to: 20 },
      { from: 0, to: 5 },
      { from: 12, to: 25 },
      { from: 14, to: 16 },
    ];
    expect(covered(stretches)).toBe(5 + 15);
    expect(covered([])).toBe(0);
  });

  it("is what a count of covered moments says", () => {
    const stretch = fc.tuple(fc.nat(60), fc.nat(20)).map(([from, ms]) => ({ from, to: from + ms }));
    fc.assert(
      fc.property(fc.array(stretch), (stretches) => {
        const moments = Array.from({ length: 81 }, (_, at) => stretches.some(({ from, to }) => from <= at && at < to));
        expect(covered(stretches)).toBe(moments.filter(Boolean).length);
      }),
    );
  });
});

describe("what a prefix cache saves", () => {
  it("is counted against recent prompts of the same contestant alone", () => {
    const meter = createPrefixMeter(2);
    meter.add(0, [1, 2, 3, 4]);
    meter.add(1, [1, 2, 9]);
    meter.add(0, [1, 2, 3, 9, 9]);
    meter.add(0, [7]);
    for (let k = 0; k < 8; k += 1) meter.add(1, [100 + k]);
    // Long ago by now.
    meter.add(1, [1, 2, 9]);
    expect(meter.shared()).toEqual([
      { prepared: 10, shared: 3 },
      { prepared: 14, shared: 0 },
    ]);
  });

  it("is shared out by what each contestant could have found", () => {
    const group = { looked: 3000, found: 600 };
    const told = [
      { ...group, prepared: 2000, shared: 1000 },
      { ...group, prepared: 1000, shared: 200 },
    ];
    // Half of what was alike was found.
    expect(cachedShares(told)).toEqual([0.25, 0.1]);
    expect(cachedShares([null, null])).toEqual([0, 0]);
    expect(cachedShares([{ looked: 10, found: 10, prepared: 10, shared: 4 }])).toEqual([0.4]);
  });
});
