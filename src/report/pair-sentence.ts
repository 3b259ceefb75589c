import type { Pair } from "./comparison-data.ts";
import { count, fixed, percent, range } from "./number.ts";

/** The level below which an adjusted p value counts as a shown difference. */
const LEVEL = 0.05;

/** A piece of a sentence: plain words, or the name of a variant. */
export type Piece = string | { readonly name: string };

/** Says whether the better of two variants is known: the adjusted p value is below 5 % and the noise floor is exceeded. */
export function decided({ adjustedP, difference }: Pair, noiseFloor: number | null): boolean {
  return adjustedP < LEVEL && !withinNoise(difference.value, noiseFloor);
}

/**
 * Says in one sentence what is known about two variants: which is better and by how much, or that this is not shown and how
 * many more rows it would take, and what the difference in cost is.
 */
export function pairSentence(pair: Pair, noiseFloor: number | null): string {
  return pairPieces(pair, noiseFloor)
    .map((piece) => (typeof piece === "string" ? piece : piece.name))
    .join("");
}

/** Builds the same sentence in pieces, so that a page can set the names apart. */
export function pairPieces(pair: Pair, noiseFloor: number | null): readonly Piece[] {
  const { value, low, high } = pair.difference;
  const secondLeads = value >= 0;
  const better = { name: secondLeads ? pair.second : pair.first };
  const worse = { name: secondLeads ? pair.first : pair.second };
  const lead = secondLeads ? pair.difference : { value: -value, low: high && -high, high: low && -low };
  const amount = `${fixed(lead.value, 3)} nats`;
  const ends = range(lead, (end) => fixed(end, 3));
  const basis = `${ends && `95\u00a0%\u00a0${ends}, `}${count(pair.rows)} rows`;
  const ratio = secondLeads ? pair.costRatio : 1 / pair.costRatio;
  if (decided(pair, noiseFloor)) {
    return [better, " is better than ", worse, ` by ${amount}, ${basis}`, ...cost("it", ratio), "."];
  }
  const lean: Piece[] = [`${amount} in favour of `, better, `, ${basis}`];
  if (withinNoise(value, noiseFloor)) {
    const floor = `, within the noise floor of ${fixed(noiseFloor, 4)} nats`;
    return [better, " and ", worse, " cannot be told apart: ", ...lean, floor, ...cost(better, ratio), "."];
  }
  const more = pair.moreRows === null ? "" : `; about ${count(pair.moreRows)} more rows would be needed`;
  return ["No difference is shown between ", better, " and ", worse, ": ", ...lean, more, ...cost(better, ratio), "."];
}

function withinNoise(difference: number, noiseFloor: number | null): boolean {
  return noiseFloor !== null && Math.abs(difference) < noiseFloor;
}

function cost(subject: Piece, ratio: number): readonly Piece[] {
  if (!Number.isFinite(ratio)) return [];
  if (Math.abs(ratio - 1) < 0.005) return ["; both cost the same time"];
  return ["; ", subject, ` costs ${percent(Math.abs(ratio - 1))} ${ratio > 1 ? "more" : "less"} time`];
}
