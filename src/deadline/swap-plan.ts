import { type Outlook, probabilityOf } from "../forecast/forecast.ts";
import { addWork, scaleWork, takeWork, type Work } from "../forecast/work.ts";
import type { SecondPassPlan } from "./decision.ts";
import { leftOn } from "./outlook.ts";
import type { ClockState } from "./state.ts";
import { begunRows, mostThatFit, workUpTo } from "./swap-rows.ts";

/** Rows of the second pass that may be begun while no speed is known, to measure it: all rows were answered before. */
const UNMEASURED_ROWS = 20;
/** The share that fits is found to this precision. */
const PARTS = 200;
/** How many times the time of the first pass must be left when nothing better is known. */
const ROUGH_MARGIN = 4;

/** Plans the second pass: how many rows of the ranking fit in time with the confidence asked for. */
export function planSecondPass(state: ClockState, outlook: Outlook): SecondPassPlan {
  const { second, options, queue, steps } = state;
  const begun = begunRows(second);
  const share = steps[0]?.kind === "both-orders" ? shareThatFits(state, outlook) : 0;
  const isOpen = queue.left === 0 && steps[0]?.kind === "both-orders";
  if (!isOpen || second.ranked === null) {
    return { allowed: 0, begun, share, needsRanking: isOpen && share !== null && share > 0 };
  }
  const most = Math.floor(options.secondPass.maxShare * options.tokens.length) - begun;
  const last = Math.max(second.taken, Math.min(second.ranked.length, second.taken + most));
  const firstLeft = leftOn(state, 0);
  const allowed = mostThatFit(second.taken, last, (n) => {
    const work = addWork(firstLeft, workUpTo(second, n));
    return fits(state, outlook, work) ?? n + second.begunBefore.size <= UNMEASURED_ROWS;
  });
  const rows = Math.max(1, options.tokens.length);
  return {
    allowed: allowed - second.taken,
    begun,
    share: (begun + allowed - second.taken) / rows,
    needsRanking: false,
  };
}

/**
 * Counts the rows that get no answer in time although the shortest come first: more likely than not. Some of them may be taken
 * already, as part of the sample, which is of all lengths alike.
 */
export function rowsWithoutTime(state: ClockState, outlook: Outlook): number | null {
  const { queue, shortSums } = state;
  const share = queue.left / Math.max(1, queue.high - queue.low);
  const work = (n: number): Work =>
    scaleWork(takeWork(shortSums[n] ?? state.whole, shortSums[queue.low] ?? state.whole), share);
  if (probabilityOf(outlook, work(queue.high)) === null) return null;
  const answered = mostThatFit(queue.low, queue.high, (n) => (probabilityOf(outlook, work(n)) ?? 0) >= 0.5);
  return Math.round((queue.high - answered) * share);
}

function shareThatFits(state: ClockState, outlook: Outlook): number | null {
  const { maxShare } = state.options.secondPass;
  const first = leftOn(state, 0);
  const works = (part: number): Work => addWork(first, scaleWork(state.whole, (maxShare * part) / PARTS));
  if (fits(state, outlook, first) === null) return state.first.rows === 0 ? maxShare : null;
  return (maxShare * mostThatFit(0, PARTS, (part) => fits(state, outlook, works(part)) ?? false)) / PARTS;
}

function fits(state: ClockState, outlook: Outlook, work: Work): boolean | null {
  const probability = probabilityOf(outlook, work);
  if (probability !== null) return probability >= state.options.confidence;
  // A session without rows of the first pass has to measure on the second.
  return state.first.endedAt === null || state.first.rows === 0 ? null : fitsRoughly(state, outlook, work);
}

/** A job too short for its speed to be measured: the same rows again take about the time that they took, and room is left. */
function fitsRoughly({ first }: ClockState, { now, untilAt, scoringSince }: Outlook, work: Work): boolean {
  if (untilAt === null) return true;
  return (ROUGH_MARGIN * (now - scoringSince) * work.rows) / first.rows <= untilAt - now;
}
