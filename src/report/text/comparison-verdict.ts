import type { ComparisonData, Pair, Variant } from "../data/comparison-data.ts";
import type { Estimate } from "../data/run-data.ts";
import { counted, duration, fixed, range } from "./number.ts";
import type { Verdict } from "./verdict.ts";

/**
 * Judges a comparison: which variant to take among those that fit the deadline, whether it is shown to be better than each
 * other of them, and whether one that does not fit would be better.
 */
export function comparisonVerdict(data: ComparisonData): Verdict {
  const sorted = byLoss(data.variants);
  const [first] = sorted;
  const [best, ...others] = sorted.filter(({ fits }) => fits !== false);
  if (first === undefined) return { tone: "bad", sentence: "There is nothing to compare.", also: [] };
  const rows = `${counted(data.rows, "row")}`;
  if (best === undefined) {
    return {
      tone: "bad",
      sentence: "No variant fits the deadline.",
      also: [`${first.name} is lowest, ${lossText(first)} on ${rows}.`],
    };
  }
  const open = others.filter((other) => !shownBetter(best, other, data.pairs));
  return {
    tone: open.length === 0 && others.length > 0 && first === best ? "good" : "mixed",
    sentence: sentence(best, others, open, rows),
    also: [
      ...(best.fits === null ? [] : [`${best.name} takes ${duration(best.jobMs)} for the job and fits its deadline.`]),
      ...(first === best ? [] : [late(first)]),
      ...(best.gainOverPrior.low !== null && best.gainOverPrior.low > 0 ? [] : [idle(best, data)]),
    ],
  };
}

function sentence(best: Variant, others: readonly Variant[], open: readonly Variant[], rows: string): string {
  const among = best.fits === null ? "" : " of those that fit the deadline";
  if (others.length === 0) return `${best.name} has no rival${among}: ${lossText(best)} on ${rows}.`;
  if (open.length === 0) return `${best.name} is the best${among}: ${lossText(best)} on ${rows}.`;
  const rivals = open.map(({ name }) => name).join(" or ");
  return `${best.name} has the lowest log loss${among}, ${figures(best)}, but ${rows} do not show it to be better than ${rivals}.`;
}

function late(variant: Variant): string {
  return `${variant.name} is lower, ${lossText(variant)}, but takes ${duration(variant.jobMs)} and does not fit the deadline.`;
}

/** The best of useless ones is still useless. */
function idle({ name, gainOverPrior }: Variant, { priorLogLoss }: ComparisonData): string {
  const ends = range(gainOverPrior, (value) => fixed(value, 3));
  return `${name} is not shown to know more than the share of each class (log loss ${fixed(priorLogLoss, 3)}): its gain over that is ${fixed(gainOverPrior.value, 3)}${ends && ` (95\u00a0% ${ends})`}.`;
}

/** Picks the variant to take: the lowest log loss among those that fit the deadline, else the lowest of all. */
export function recommended(variants: readonly Variant[]): Variant | undefined {
  const sorted = byLoss(variants);
  return sorted.find(({ fits }) => fits !== false) ?? sorted[0];
}

/** Takes the log loss that a variant is judged by: calibrated where it is known, else raw. */
export function judgedLoss({ calibrated, raw }: Variant): Estimate {
  return (calibrated ?? raw).logLoss;
}

/** Sorts variants by the log loss that they are judged by, best first. */
export function byLoss(variants: readonly Variant[]): Variant[] {
  return [...variants].sort((one, other) => judgedLoss(one).value - judgedLoss(other).value);
}

function shownBetter(best: Variant, other: Variant, pairs: readonly Pair[]): boolean {
  return pairs.some(({ first, second, better }) => {
    const winner = better === "first" ? first : better === "second" ? second : null;
    return winner === best.name && (first === other.name || second === other.name);
  });
}

function lossText(variant: Variant): string {
  return `log loss ${figures(variant)}`;
}

function figures(variant: Variant): string {
  const loss = judgedLoss(variant);
  const ends = range(loss, (value) => fixed(value, 3));
  return `${fixed(loss.value, 3)}${ends && ` (95\u00a0% ${ends})`}`;
}
