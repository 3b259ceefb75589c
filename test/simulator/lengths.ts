import type { Random } from "./random.ts";

/** Mean of the lengths before the cut, tokens; about 715 after it. */
const UNCUT_MEAN = 945;
/** Shape of the lognormal: with it and the mean, 26 % of the rows have 1,024 tokens or more. */
const SIGMA = 1.15;
/** Longest prompt that the model takes; longer rows are packed to it. */
const LONGEST = 2_000;
const SHORTEST = 60;

/** Draws prompt lengths (tokens) like those of the arena data: mean about 700, a quarter of 1,024 or more. */
export function drawLengths(random: Random, rows: number): number[] {
  const mu = Math.log(UNCUT_MEAN) - SIGMA ** 2 / 2;
  return Array.from({ length: rows }, () =>
    Math.round(Math.min(LONGEST, Math.max(SHORTEST, Math.exp(mu + SIGMA * random.normal())))),
  );
}
