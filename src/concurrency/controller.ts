/*
 * Decides how much work one engine gets at once: its setting, which is the number of requests in flight and of prompts in each.
 * The product of both numbers is the level. The fastest level is not known beforehand, so the controller searches for it while
 * rows are scored:
 *
 * 1. The level stays for one interval of at least 16 rows and 200 ms, and the speed of that interval is measured (interval.ts).
 * 2. Search: the level doubles as long as the engine becomes at least 3 % faster. Then levels around the best one are tried.
 *    Of the levels within 3 % of the fastest, the controller takes the highest with at most 5 s of work in flight, or the lowest
 *    if all have more.
 * 3. Hold: the controller keeps the level for 4 intervals of at least 1 s. When nothing better is found, the next hold is twice
 *    as long, up to 64 intervals.
 * 4. Probe and compare: after a hold, a level that differs by a factor of 1.5 or 1.25 is tried for one interval, then the held
 *    level is measured again. The other level replaces it only when it was more than 3 % faster than the held level was before
 *    and after. A lower level that takes work from a heavily loaded engine may be 1 % slower.
 * 5. Headroom (headroom.ts): a refused request or a timeout halves the level, and preemptions lower it by 15 %. A level that
 *    failed sets a ceiling for 5 minutes, and each ceiling lasts twice as long as the one before. The level rises only until
 *    the key-value cache is 85 % full.
 *
 * Steps 2 to 4 are in decide-level.ts, the choice of requests and prompts for a level in setting.ts. Everything here is pure:
 * (state, event) -> state. pool/tuner.ts passes in the answers and metrics of one engine.
 */
import {
  type Controller,
  type ControllerOptions,
  moveTo,
  rowsOfInterval,
  withLongEnoughIntervals,
} from "./controller-state.ts";
import { decideLevel } from "./decide-level.ts";
import { NO_CEILING, setCeiling } from "./headroom.ts";
import { type AnsweredRequest, addAnswer, type MeasuredInterval, startInterval } from "./interval.ts";
import { levelOf } from "./setting.ts";

/** Creates a controller with the first setting and without measurements. `now` is monotonic, ms. */
export function startController(options: ControllerOptions, now: number): Controller {
  return {
    options,
    setting: options.start,
    phase: { kind: "search" },
    interval: startInterval(now, rowsOfInterval(levelOf(options.start))),
    trials: [],
    rowTokens: null,
    rows: 0,
    latest: null,
    headroom: NO_CEILING,
  };
}

/** Adds an answered request to the interval. If the request ends the interval, the setting may change. */
export function afterAnswer(controller: Controller, request: AnsweredRequest): Controller {
  const { interval, measured } = addAnswer(controller.interval, request);
  const rows = controller.rows + request.rows;
  if (measured === null) return { ...controller, interval, rows };
  const rowTokens = controller.rowTokens ?? measured.tokens / measured.rows;
  const updated = { ...controller, interval, rows, rowTokens, latest: measured };
  const { level, phase, trials, regressed } = decideLevel(updated, speedOf(measured, rowTokens));
  const now = request.finishedAt;
  const moved = moveTo(regressed === undefined ? updated : setCeiling(updated, regressed, now), level, now);
  return withLongEnoughIntervals({ ...moved, phase, trials });
}

/** The part of a row's cost that does not depend on its length, as a share of the cost of the mean tokens. */
const ROW_SHARE = 0.3;

/** Computes the speed in units of work per ms. The work of a row is its tokens plus 30 % of the mean tokens of a row. */
function speedOf({ tokens, rows, ms }: MeasuredInterval, rowTokens: number): number {
  return (tokens + ROW_SHARE * rowTokens * rows) / ms;
}
