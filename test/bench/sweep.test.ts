import fc from "fast-check";
import { expect, test } from "vitest";
import { spreadOrder } from "../../src/bench/sampling-order.ts";
import { advanceSweep, bestLevel, skipToSample, startSweep } from "../../src/bench/sweep.ts";
import { levelOf, type Setting } from "../../src/concurrency/setting.ts";
import { LARGE, lengthsOf, SMALL } from "../concurrency/shapes.ts";
import { type Shape, simulate } from "../concurrency/simulated-engine.ts";

const OPTIONS = { fixed: null, promptsPerRequest: null, sampleRows: 60, limitMs: Number.POSITIVE_INFINITY };

function sweepThrough(shape: Shape, tokens: number, options: Parameters<typeof startSweep>[0] = OPTIONS) {
  let sweep = startSweep(options, 0);
  const settings: Setting[] = [];
  simulate(
    shape,
    lengthsOf(12_000, tokens, 3),
    {
      setting: () => sweep.stage?.setting ?? { concurrency: 1, promptsPerRequest: 1 },
      answered: (request) => {
        sweep = advanceSweep(sweep, request);
        const setting = sweep.stage?.setting;
        if (setting !== undefined && settings.at(-1) !== setting) settings.push(setting);
      },
    },
    3,
  );
  return { sweep, settings };
}

test("doubles the level until that gains nothing, tries the best level with single prompts, then measures the sample", () => {
  const { sweep, settings } = sweepThrough(SMALL, 300);
  const levels = sweep.done.filter(({ stage }) => stage.kind === "level").map(({ stage }) => levelOf(stage.setting));
  expect(levels.slice(0, 4)).toEqual([1, 8, 16, 32]);
  expect(sweep.done.at(-1)?.stage.kind).toBe("single");
  expect(sweep.done.at(-1)?.stage.setting.promptsPerRequest).toBe(1);
  expect(settings.at(-1)).toEqual(bestLevel(sweep.done).stage.setting);
  expect(sweep.intervals.length).toBeGreaterThan(8);
});

test("tries no level with more than a minute of work in flight", () => {
  const { sweep } = sweepThrough({ ...LARGE, tokenMs: 3, stepMs: 4_000 }, 900);
  const most = Math.max(...sweep.done.map(({ stage }) => levelOf(stage.setting)));
  expect(most).toBe(8);
});

test("measures a given setting alone", () => {
  const fixed = { concurrency: 4, promptsPerRequest: 2 };
  const { sweep } = sweepThrough(SMALL, 300, { ...OPTIONS, fixed });
  expect(sweep.done.map(({ stage }) => stage.setting)).toEqual([fixed]);
  expect(sweep.stage).toMatchObject({ kind: "sample", setting: fixed });
});

test("goes on to the sample when no other rows are left, under the first setting when nothing was measured", () => {
  const started = startSweep(OPTIONS, 0);
  const short = skipToSample(started, 5);
  expect(short.stage).toMatchObject({ kind: "sample", setting: { concurrency: 1, promptsPerRequest: 1 } });
  expect(skipToSample(short, 9)).toBe(short);
});

test("spreads every part of an order evenly", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 3_000 }), (n) => {
      const order = spreadOrder(n);
      expect([...order].sort((one, other) => one - other)).toEqual(Array.from({ length: n }, (_, k) => k));
    }),
  );
  const order = spreadOrder(1_000);
  for (let at = 0; at + 50 <= 1_000; at += 50) {
    const mean = order.slice(at, at + 50).reduce((sum, value) => sum + value, 0) / 50;
    expect(Math.abs(mean - 500)).toBeLessThan(25);
  }
});
