import fc from "fast-check";
import { expect, test } from "vitest";
import { spreadOrder } from "../../src/bench/sampling-order.ts";
import {
  advanceSweep,
  bestLevel,
  largestOpenGain,
  type Sweep,
  skipToSample,
  startSweep,
} from "../../src/bench/sweep.ts";
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

/** Sweeps over an engine whose speed at a level is given; the intervals of a level differ by `noise` to both sides. */
function sweepOver(rowsPerMs: (level: number) => number, noise: number): Sweep {
  let sweep = startSweep(OPTIONS, 0);
  for (let now = 0; sweep.stage !== null && sweep.stage.kind !== "sample"; ) {
    const rows = sweep.stage.setting.promptsPerRequest;
    const factor = 1 + (sweep.intervals.length % 2 === 0 ? noise : -noise);
    const finishedAt = now + rows / (rowsPerMs(levelOf(sweep.stage.setting)) * factor);
    sweep = advanceSweep(sweep, { startedAt: now, finishedAt, rows, tokens: 100 * rows });
    now = finishedAt;
  }
  return sweep;
}

function levelsOf({ done }: Sweep): readonly number[] {
  return done.filter(({ stage }) => stage.kind === "level").map(({ stage }) => levelOf(stage.setting));
}

test("stops at the first level that is not faster when the intervals are far apart", () => {
  const sweep = sweepOver((level) => Math.min(level, 16), 0);
  expect(levelsOf(sweep)).toEqual([1, 8, 16, 32]);
  expect(largestOpenGain(sweep.done)).toBeCloseTo(1);
});

test("tries higher levels while the intervals leave a gain open, and finds one that lies behind a flat level", () => {
  const flatThenFaster = (level: number): number => (level <= 16 ? Math.min(level, 8) : 16);
  expect(levelsOf(sweepOver(flatThenFaster, 0))).toEqual([1, 8, 16]);
  const noisy = sweepOver(flatThenFaster, 0.25);
  expect(levelsOf(noisy)).toContain(32);
  expect(levelOf(bestLevel(noisy.done).stage.setting)).toBeGreaterThanOrEqual(32);
});

test("ends after two levels that leave a gain open, and states how large it may be", () => {
  const sweep = sweepOver((level) => Math.min(level, 8), 0.25);
  expect(levelsOf(sweep).length).toBeLessThanOrEqual(4);
  expect(largestOpenGain(sweep.done)).toBeGreaterThan(1.05);
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
