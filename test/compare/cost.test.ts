import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { cachedShares } from "../../src/compare/cost.ts";
import { createPrefixMeter } from "../../src/compare/prefix-cache.ts";
import { coveredMs } from "../../src/runfolder/request-times.ts";

describe("the time with a request in flight", () => {
  test("counts overlapping requests once, and no time between requests", () => {
    const requests = [
      { from: 10, to: 20 },
      { from: 0, to: 5 },
      { from: 12, to: 25 },
      { from: 14, to: 16 },
    ];
    expect(coveredMs(requests)).toBe(5 + 15);
    expect(coveredMs([])).toBe(0);
  });

  test("equals a count of the moments with a request in flight", () => {
    const request = fc.tuple(fc.nat(60), fc.nat(20)).map(([from, ms]) => ({ from, to: from + ms }));
    fc.assert(
      fc.property(fc.array(request), (requests) => {
        const moments = Array.from({ length: 81 }, (_, at) => requests.some(({ from, to }) => from <= at && at < to));
        expect(coveredMs(requests)).toBe(moments.filter(Boolean).length);
      }),
    );
  });
});

describe("the tokens that a prefix cache saves", () => {
  test("are counted against recent prompts of the same variant alone", () => {
    const meter = createPrefixMeter(2);
    meter.add(0, [1, 2, 3, 4]);
    meter.add(1, [1, 2, 9]);
    meter.add(0, [1, 2, 3, 9, 9]);
    meter.add(0, [7]);
    for (let k = 0; k < 8; k += 1) meter.add(1, [100 + k]);
    // Its earlier prompt is no longer among the latest 8.
    meter.add(1, [1, 2, 9]);
    expect(meter.shared()).toEqual([
      { prepared: 10, shared: 3 },
      { prepared: 14, shared: 0 },
    ]);
  });

  test("are divided by the tokens that each variant could have found", () => {
    const group = { looked: 3000, found: 600 };
    const variants = [
      { ...group, prepared: 2000, shared: 1000 },
      { ...group, prepared: 1000, shared: 200 },
    ];
    // The servers found half of the tokens that began like an earlier prompt.
    expect(cachedShares(variants)).toEqual([0.25, 0.1]);
    expect(cachedShares([null, null])).toEqual([0, 0]);
    expect(cachedShares([{ looked: 10, found: 10, prepared: 10, shared: 4 }])).toEqual([0.4]);
  });
});
