import type { ComparisonData, Pair, Race, Stopping, VariantResult } from "../data/comparison-data.ts";
import type { Estimate } from "../data/run-data.ts";
import { count, counted, duration, fixed, percent, withRange } from "./number.ts";
import type { Verdict } from "./verdict.ts";

/**
 * States the result of a comparison: the recommended variant among those that fit the deadline, whether it is shown to
 * be better than each of the others, and whether a variant that does not fit would be better.
 */
export function comparisonVerdict(data: ComparisonData): Verdict {
  if (data.race !== null) return raceVerdict(data.race);
  const sorted = byLoss(data.variants);
  const [first] = sorted;
  const [best, ...others] = sorted.filter(({ fits }) => fits !== false);
  if (first === undefined) return { tone: "bad", sentence: "There is nothing to compare.", also: [] };
  const rows = counted(data.rows, "row");
  if (best === undefined) {
    return {
      tone: "bad",
      sentence: "No variant fits the deadline.",
      also: [`${first.name} has the lowest log loss, ${lossText(first)} on ${rows}.`],
    };
  }
  const open = others.filter((other) => !shownBetter(best, other, data.pairs));
  const beatsPrior = best.gainOverPrior.low !== null && best.gainOverPrior.low > 0;
  return {
    tone: open.length === 0 && others.length > 0 && first === best ? "good" : "mixed",
    sentence: sentence(best, others, open, rows),
    also: [
      ...(best.fits === null ? [] : [`${best.name} takes ${duration(best.jobMs)} for the job and fits its deadline.`]),
      ...(first === best ? [] : [tooSlow(first)]),
      ...(beatsPrior ? [] : [noBetterThanPrior(best, data)]),
    ],
  };
}

function raceVerdict(race: Race): Verdict {
  const { winner, isDecided, rivals } = race;
  const won = isDecided
    ? rivals.length === 0
      ? `${winner} is the best.`
      : `${winner} is the best, and ${rivals.join(", ")} as good within the margin.`
    : `${winner} leads, but is not told apart from ${rivals.join(", ")}.`;
  return { tone: isDecided ? "good" : "mixed", sentence: won, also: raceSentences(race) };
}

/** Says what a race found and saved: the corrected score of the winner, the dropped variants, and the prompts. */
export function raceSentences({ winner, dropped, asRaced, corrected, prompts }: Race): readonly string[] {
  const score =
    corrected === null
      ? `No row was left for a score of ${winner} that is free of the choice.`
      : `On ${counted(corrected.rows, "row")} without a part in the choice ${winner} has log loss ${withRange(corrected.logLoss, nats, 95)} and ` +
        `accuracy ${withRange(corrected.accuracy, (share) => percent(share, 1), 95)}${asRaced === null ? "" : `; on the rows of the race ${nats(asRaced.value)}`}.`;
  const out = dropped.map(({ name, after }) => `${name} after ${counted(after, "row")}`).join(", ");
  return [
    score,
    ...(out === "" ? [] : [`Dropped: ${out}.`]),
    `${counted(prompts.used, "prompt")} of the ${count(prompts.all)} that all variants on all rows would take.`,
  ];
}

function sentence(
  best: VariantResult,
  others: readonly VariantResult[],
  open: readonly VariantResult[],
  rows: string,
): string {
  const among = best.fits === null ? "" : " of those that fit the deadline";
  if (others.length === 0) return `${best.name} has no rival${among}: log loss ${lossText(best)} on ${rows}.`;
  if (open.length === 0) return `${best.name} is the best${among}: log loss ${lossText(best)} on ${rows}.`;
  const rivals = open.map(({ name }) => name).join(" or ");
  return `${best.name} has the lowest log loss${among}, ${lossText(best)}, but on ${rows} it is not shown to be better than ${rivals}.`;
}

function tooSlow(variant: VariantResult): string {
  return `${variant.name} has a lower log loss, ${lossText(variant)}, but takes ${duration(variant.jobMs)} and does not fit the deadline.`;
}

/** Warns when even the best variant may be no better than the class prior, which needs no judge. */
function noBetterThanPrior({ name, gainOverPrior }: VariantResult, { priorLogLoss }: ComparisonData): string {
  return `${name} is not shown to be better than the class prior (log loss ${nats(priorLogLoss)}): its gain is ${withRange(gainOverPrior, nats, 95)}.`;
}

function shownBetter(best: VariantResult, other: VariantResult, pairs: readonly Pair[]): boolean {
  return pairs.some(({ first, second, better }) => {
    const winner = better === "first" ? first : better === "second" ? second : null;
    return winner === best.name && (first === other.name || second === other.name);
  });
}

/**
 * Chooses the recommended variant: the one with the lowest log loss among those that fit the deadline, else among all.
 */
export function recommended(variants: readonly VariantResult[]): VariantResult | undefined {
  const sorted = byLoss(variants);
  return sorted.find(({ fits }) => fits !== false) ?? sorted[0];
}

function byLoss(variants: readonly VariantResult[]): VariantResult[] {
  return [...variants].sort((one, other) => judgedLoss(one).value - judgedLoss(other).value);
}

/** Returns the log loss by which variants are compared: the calibrated one if it is known, else the raw one. */
export function judgedLoss({ calibrated, raw }: VariantResult): Estimate {
  return (calibrated ?? raw).logLoss;
}

/** Describes the history of early stopping in one sentence. */
export function stoppingSentence({ stoppedAt, available }: Stopping): string {
  return stoppedAt === null
    ? `All ${counted(available, "row")} were used: the answer was never certain enough to stop.`
    : `Stopped after ${count(stoppedAt)} of ${counted(available, "row")}: ${percent(1 - stoppedAt / available)} of the work was saved.`;
}

function lossText(variant: VariantResult): string {
  return withRange(judgedLoss(variant), nats, 95);
}

function nats(value: number): string {
  return fixed(value, 3);
}
