/*
 * Decides how much is asked of one engine at once: its setting, which is the number of requests in flight and of prompts in each.
 * Their product is the level. The fastest level is not known beforehand, so the controller searches for it while rows are scored:
 *
 * 1. The level stays for one interval of at least 16 rows and 200 ms, and the speed of that interval is measured (interval.ts).
 * 2. Search: the level doubles as long as that makes the engine at least 3 % faster, then it is refined around the best level.
 *    Of the levels within 3 % of the best it takes the highest with at most 5 s of work in flight, otherwise the lowest.
 * 3. Hold: the level found is kept for 4 intervals of at least 1 s, then up to 64, each time longer if nothing better was found.
 * 4. Probe and compare: after a hold, a level higher or lower by a factor of 1.5 or 1.25 is tried for one interval, then the held
 *    level is measured again. The other level replaces it only when it was at least 3 % faster than before and after.
 * 5. Headroom (headroom.ts): a refused request or a timeout halves the level, preemptions lower it by 15 %, and a level that
 *    failed is a ceiling for 5 minutes, twice as long each time. The key-value cache may be filled to 85 %.
 *
 * Steps 2 to 4 are in decide-level.ts, the choice of requests and prompts for a level in setting.ts. Everything here is pure:
 * (state, event) -> state. pool/tuner.ts feeds it the answers and metrics of one engine.
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

/** Starts with the first setting and no measurement. `now` is monotonic, ms. */
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

/** Adds an answered request to the interval; when that ends the interval, the setting may change. */
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

/** The cost of a row whatever its length, as a share of its mean tokens. */
const ROW_SHARE = 0.3;

/** Computes the speed in units of work per ms: tokens, and for each row 30 % of the mean tokens of a row. */
function speedOf({ tokens, rows, ms }: MeasuredInterval, rowTokens: number): number {
  return (tokens + ROW_SHARE * rowTokens * rows) / ms;
}
