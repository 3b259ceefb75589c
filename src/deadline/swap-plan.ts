import { type ForecastContext, probabilityOf } from "../forecast/forecast.ts";
import { addWork, scaleWork, takeWork, type Work } from "../forecast/work.ts";
import type { SwapPassPlan } from "./decision.ts";
import type { DeadlineState } from "./state.ts";
import { workLeftOn } from "./step-forecasts.ts";
import { begunRows, mostThatFit, rowsInFlight, workUpTo } from "./swap-pass.ts";

/**
 * While the speed is unknown, this many rows of the swap pass may be in flight, in order to measure the speed. This risks little,
 * because all rows have an answer already.
 */
const UNMEASURED_ROWS = 20;
/** The search for the share that fits uses steps of 1 / PARTS. */
const PARTS = 200;
/** Without a forecast, the time left must be this many times as long as the same number of rows took in the first pass. */
const ROUGH_MARGIN = 4;

/** Plans the swap pass: computes how many rows of the ranking fit in time with the required confidence. */
export function planSwapPass(state: DeadlineState, context: ForecastContext): SwapPassPlan {
  const { swap, options, queue, steps } = state;
  const begun = begunRows(swap);
  const share = steps[0]?.kind === "both-orders" ? shareThatFits(state, context) : 0;
  const isOpen = queue.left === 0 && steps[0]?.kind === "both-orders";
  if (!isOpen || swap.ranked === null) {
    return { allowed: 0, begun, share, needsRanking: isOpen && share !== null && share > 0 };
  }
  const most = options.mostSwapRows - begun;
  const last = Math.max(swap.taken, Math.min(swap.ranked.length, swap.taken + most));
  const firstLeft = workLeftOn(state, 0);
  const inFlight = rowsInFlight(swap);
  const allowed = mostThatFit(swap.taken, last, (n) => {
    const work = addWork(firstLeft, workUpTo(swap, n));
    return fits(state, context, work) ?? inFlight + n - swap.taken <= UNMEASURED_ROWS;
  });
  const rows = Math.max(1, options.tokens.length);
  return {
    allowed: allowed - swap.taken,
    begun,
    share: (begun + allowed - swap.taken) / rows,
    needsRanking: false,
  };
}

/**
 * Estimates how many rows will more likely than not get no answer in time, although the shortest come first. Some rows of each
 * length may be taken already as part of the sample, which covers all lengths in proportion.
 */
export function rowsWithoutTime(state: DeadlineState, context: ForecastContext): number | null {
  const { queue, shortSums } = state;
  const share = queue.left / Math.max(1, queue.high - queue.low);
  const work = (n: number): Work =>
    scaleWork(takeWork(shortSums[n] ?? state.whole, shortSums[queue.low] ?? state.whole), share);
  if (probabilityOf(context, work(queue.high)) === null) return null;
  const answered = mostThatFit(queue.low, queue.high, (n) => (probabilityOf(context, work(n)) ?? 0) >= 0.5);
  return Math.round((queue.high - answered) * share);
}

function shareThatFits(state: DeadlineState, context: ForecastContext): number | null {
  const { maxShare } = state.options.swapPass;
  const first = workLeftOn(state, 0);
  const works = (part: number): Work => addWork(first, scaleWork(state.whole, (maxShare * part) / PARTS));
  if (fits(state, context, first) === null) return state.first.rows === 0 ? maxShare : null;
  return (maxShare * mostThatFit(0, PARTS, (part) => fits(state, context, works(part)) ?? false)) / PARTS;
}

function fits(state: DeadlineState, context: ForecastContext, work: Work): boolean | null {
  const probability = probabilityOf(context, work);
  if (probability !== null) return probability >= state.options.confidence;
  // A session without rows of the first pass must measure the speed on the swap pass.
  return state.first.endedAt === null || state.first.rows === 0 ? null : fitsRoughly(state, context, work);
}

/**
 * Decides for a job that is too short to measure its speed: a row takes about as long as in the first pass, with ROUGH_MARGIN
 * to spare.
 */
function fitsRoughly({ first }: DeadlineState, { now, untilAt, scoringSince }: ForecastContext, work: Work): boolean {
  if (untilAt === null) return true;
  return (ROUGH_MARGIN * (now - scoringSince) * work.rows) / first.rows <= untilAt - now;
}
