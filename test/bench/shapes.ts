import { afterAnswer, startControl } from "../../src/concurrency/control.ts";
import { afterLoad } from "../../src/concurrency/headroom.ts";
import { type Setting, settingFor } from "../../src/concurrency/setting.ts";
import type { Control } from "../../src/concurrency/state.ts";
import { type Shape, simulate } from "../concurrency/simulated-engine.ts";
import { seeded } from "../helpers/random.ts";

const FREE = { cacheTokens: Number.POSITIVE_INFINITY, noise: 0.03 };

/** 34B on two T4s: seconds a row; a step pays for reading the weights, so the knee lies at 16 to 32 rows. */
export const LARGE: Shape = { ...FREE, requestMs: 2, promptMs: 1, stepMs: 400, tokenMs: 1.2, stepTokens: 8_192 };
/** 1.1B on an H200: 850 rows/s of device, and a front end that takes longer for a request than for a prompt. */
export const SMALL: Shape = { ...FREE, requestMs: 0.6, promptMs: 1.08, stepMs: 3, tokenMs: 1 / 300, stepTokens: 8_192 };
/** Many rows at once are needed, and beyond about 48 of 300 tokens the cache overflows and work is thrown away. */
export const CACHE: Shape = {
  ...{ requestMs: 2, promptMs: 1, stepMs: 400, tokenMs: 0.05, noise: 0.03 },
  ...{ stepTokens: Number.POSITIVE_INFINITY, cacheTokens: 19_200 },
};

/** Rows of about log-normal lengths: sum of uniforms for the normal, sigma 0.6. */
export function lengthsOf(rows: number, mean: number, seed: number): readonly number[] {
  const random = seeded(seed);
  return Array.from({ length: rows }, () => {
    const sum = Array.from({ length: 6 }, random).reduce((total, value) => total + value, 0);
    return Math.max(30, Math.round(mean * Math.exp(0.6 * ((sum - 3) / Math.SQRT1_2) - 0.18)));
  });
}

/** Rows per second between two shares of the rows. */
export function rowsPerSecond(done: Float64Array, from: number, to: number): number {
  const [first, last] = [Math.floor(from * done.length), Math.floor(to * done.length)];
  return (1_000 * (last - first)) / ((done[last] ?? 0) - (done[first] ?? 0));
}

/** Rows per second of the best fixed setting of a sweep. */
export function bestFixed(shape: Shape, lengths: readonly number[]): number {
  const levels = [1, 2, 4, 8, 16, 24, 32, 48, 64, 96, 128, 256, 512, 1_024].map((level) => settingFor(level, null));
  const single = [32, 64, 256].map((concurrency) => ({ concurrency, promptsPerRequest: 1 }));
  const rates = [...levels, ...single].map((setting) =>
    rowsPerSecond(simulate(shape, lengths, { setting: () => setting, answered: () => {} }, 1), 0.02, 0.97),
  );
  return Math.max(...rates);
}

/** Runs the controller; gives the times of the rows, the settings it had, and how it ended. */
export function controlled(
  shape: Shape,
  lengths: readonly number[],
  options: { start: Setting; metrics: boolean; seed: number; promptsPerRequest?: number },
): { done: Float64Array; settings: readonly { at: number; setting: Setting }[]; control: Control } {
  const { start, promptsPerRequest = null } = options;
  let control = startControl({ start, promptsPerRequest }, 0);
  const settings = [{ at: 0, setting: start }];
  const note = (at: number): void => {
    if (settings.at(-1)?.setting !== control.setting) settings.push({ at, setting: control.setting });
  };
  const client = {
    setting: () => control.setting,
    answered: (request: Parameters<typeof afterAnswer>[1]) => {
      control = afterAnswer(control, request);
      note(request.finishedAt);
    },
    ...(options.metrics
      ? {
          look: (load: Parameters<typeof afterLoad>[1], now: number) => {
            control = afterLoad(control, load, now);
            note(now);
          },
        }
      : {}),
  };
  const done = simulate(shape, lengths, client, options.seed);
  return { done, settings, control };
}
