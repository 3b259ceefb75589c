import { afterAnswer, startController } from "../../src/concurrency/controller.ts";
import type { Controller } from "../../src/concurrency/controller-state.ts";
import { afterPoll } from "../../src/concurrency/headroom.ts";
import { type Setting, settingFor } from "../../src/concurrency/setting.ts";
import { seeded } from "../helpers/random.ts";
import { type Shape, simulate } from "./simulated-engine.ts";

const NO_CACHE_LIMIT = { cacheTokens: Number.POSITIVE_INFINITY, noise: 0.03 };

/** 34B on two T4s, seconds a row. Each step reads all weights, so 16 to 32 rows in flight are as fast as more. */
export const LARGE: Shape = {
  ...NO_CACHE_LIMIT,
  requestMs: 2,
  promptMs: 1,
  stepMs: 400,
  tokenMs: 1.2,
  stepTokens: 8_192,
};
/** 1.1B on an H200: the device computes 850 rows/s, and the front end spends more time on a request than on a prompt. */
export const SMALL: Shape = {
  ...NO_CACHE_LIMIT,
  requestMs: 0.6,
  promptMs: 1.08,
  stepMs: 3,
  tokenMs: 1 / 300,
  stepTokens: 8_192,
};
/** Fast only with many rows in flight, but beyond about 64 rows of 300 tokens the cache overflows and rows are preempted. */
export const CACHE: Shape = {
  requestMs: 2,
  promptMs: 1,
  stepMs: 400,
  tokenMs: 0.05,
  noise: 0.03,
  stepTokens: Number.POSITIVE_INFINITY,
  cacheTokens: 19_200,
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

/** Finds the best fixed setting of a sweep; returns its rows per second. */
export function bestFixed(shape: Shape, lengths: readonly number[]): number {
  const levels = [1, 2, 4, 8, 16, 24, 32, 48, 64, 96, 128, 256, 512, 1_024].map((level) => settingFor(level, null));
  const single = [32, 64, 256].map((concurrency) => ({ concurrency, promptsPerRequest: 1 }));
  const rates = [...levels, ...single].map((setting) =>
    rowsPerSecond(simulate(shape, lengths, { setting: () => setting, answered: () => {} }, 1), 0.02, 0.97),
  );
  return Math.max(...rates);
}

/** Runs the controller; returns the times of the answers, the settings in their order, and the last state. */
export function controlled(
  shape: Shape,
  lengths: readonly number[],
  options: { start: Setting; metrics: boolean; seed: number; promptsPerRequest?: number },
): { done: Float64Array; settings: readonly { at: number; setting: Setting }[]; controller: Controller } {
  const { start, promptsPerRequest = null } = options;
  let controller = startController({ start, promptsPerRequest }, 0);
  const settings = [{ at: 0, setting: start }];
  const note = (at: number): void => {
    if (settings.at(-1)?.setting !== controller.setting) settings.push({ at, setting: controller.setting });
  };
  const client = {
    setting: () => controller.setting,
    answered: (request: Parameters<typeof afterAnswer>[1]) => {
      controller = afterAnswer(controller, request);
      note(request.finishedAt);
    },
    ...(options.metrics
      ? {
          poll: (load: Parameters<typeof afterPoll>[1], now: number) => {
            controller = afterPoll(controller, load, now);
            note(now);
          },
        }
      : {}),
  };
  const done = simulate(shape, lengths, client, options.seed);
  return { done, settings, controller };
}
