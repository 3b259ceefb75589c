import fc from "fast-check";
import { expect, test } from "vitest";
import { usableCores } from "../../src/pool/machine-cores.ts";
import { parseCores, shareCores, shareGpus } from "../../src/pool/replica-shares.ts";

test("shares out the GPUs that a scheduler gave, and counts from 0 where none did", () => {
  expect(shareGpus({ count: 2, gpusPerReplica: 1 }, "3,5")).toEqual(["3", "5"]);
  expect(shareGpus({ count: 2, gpusPerReplica: 2 }, "GPU-a, GPU-b,GPU-c,GPU-d,GPU-e")).toEqual([
    "GPU-a,GPU-b",
    "GPU-c,GPU-d",
  ]);
  expect(shareGpus({ count: 2, gpusPerReplica: 2 }, undefined)).toEqual(["0,1", "2,3"]);
});

test.each(["4", "4,4", ""])("refuses CUDA_VISIBLE_DEVICES=%j for two replicas", (given) => {
  expect(() => shareGpus({ count: 2, gpusPerReplica: 1 }, given)).toThrow("2 replicas need 2");
});

test("no two replicas share a core or a GPU, and each has as many as the others", () => {
  const arbitrary = fc.record({
    count: fc.integer({ min: 1, max: 8 }),
    each: fc.integer({ min: 1, max: 4 }),
    more: fc.nat(7),
  });
  fc.assert(
    fc.property(arbitrary, ({ count, each, more }) => {
      const ids = Array.from({ length: count * each + Math.min(more, count - 1) }, (_, i) => 2 * i + 1);
      for (const shares of [shareCores(count, ids), shareGpus({ count, gpusPerReplica: each }, ids.join(","))]) {
        const dealt = shares.map((share) => share.split(",").map(Number));
        expect(dealt.map(({ length }) => length)).toEqual(Array(count).fill(each));
        expect(new Set(dealt.flat()).size).toBe(count * each);
        expect(dealt.flat().every((id) => ids.includes(id))).toBe(true);
      }
    }),
  );
});

test("refuses more servers than cores", () => {
  expect(() => shareCores(3, [0, 1])).toThrow("2 cores, and engine.replicas is 3");
});

test("reads Linux's lists of cores, and finds those of this machine", async () => {
  expect(parseCores("0-3,8\n")).toEqual([0, 1, 2, 3, 8]);
  expect(() => parseCores("a-b")).toThrow("is no list of cores");
  const cores = await usableCores();
  expect(cores.length).toBeGreaterThan(0);
  expect(new Set(cores).size).toBe(cores.length);
});
