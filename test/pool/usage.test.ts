import fc from "fast-check";
import { expect, test } from "vitest";
import { afterEnding, afterSending, EMPTY, fullMsAt } from "../../src/concurrency/occupancy.ts";
import { createMeter } from "../../src/concurrency/throughput-meter.ts";

test("finds the fastest interval of at least a given length", () => {
  const meter = createMeter(1_000);
  for (let second = 0; second < 100; second += 1) {
    meter.add(1_000 + 1_000 * second, second >= 40 && second < 60 ? 300 : 100);
  }
  expect(meter.best(20_000, 101_000)?.tokensPerMs).toBeCloseTo(0.3, 5);
  expect(meter.best(40_000, 101_000)?.tokensPerMs).toBeCloseTo(0.2, 5);
  expect(meter.best(100_000, 101_000)?.tokensPerMs).toBeCloseTo(0.14, 5);
  expect(meter.best(100_001, 101_000)).toBeNull();
});

test("takes no more memory for nine hours, and counts every token once", () => {
  const meter = createMeter(0);
  const end = 9 * 3_600_000;
  for (let at = 0; at < end; at += 1_300) meter.add(at, 1_000);
  const best = meter.best(end / 20, end);
  expect((best?.tokensPerMs ?? 0) / (1_000 / 1_300)).toBeCloseTo(1, 1);
});

test("counts the time with the limit reached, and the tokens answered in it, as a sweep over all requests does", () => {
  const request = fc.record({ start: fc.integer({ min: 0, max: 500 }), ms: fc.integer({ min: 1, max: 100 }) });
  fc.assert(
    fc.property(
      fc.array(request, { minLength: 1, maxLength: 40 }),
      fc.integer({ min: 1, max: 5 }),
      (requests, limit) => {
        const events = requests
          .flatMap(({ start, ms }) => [
            { at: start, sends: true },
            { at: start + ms, sends: false },
          ])
          .sort((one, other) => one.at - other.at || Number(other.sends) - Number(one.sends));
        let occupancy = EMPTY;
        for (const { at, sends } of events) {
          occupancy = sends ? afterSending(occupancy, limit, at) : afterEnding(occupancy, 10, limit, at);
        }
        let expected = 0;
        for (let t = 0; t < 600; t += 1) {
          const inFlight = requests.filter(({ start, ms }) => start <= t && t < start + ms).length;
          if (inFlight >= limit) expected += 1;
        }
        expect(fullMsAt(occupancy, 1_000)).toBe(expected);
        expect(occupancy.inFlight).toBe(0);
      },
    ),
  );
});

test("counts tokens as answered at full only where the limit was reached until then", () => {
  const two = afterSending(afterSending(EMPTY, 2, 0), 2, 10);
  const one = afterEnding(two, 5, 2, 30);
  expect(one).toEqual({ inFlight: 1, fullSince: null, fullMs: 20, fullTokens: 5 });
  expect(afterEnding(one, 5, 2, 40).fullTokens).toBe(5);
});
