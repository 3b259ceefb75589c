import { uniformInt } from "pure-rand/distribution/uniformInt";
import { xoroshiro128plus } from "pure-rand/generator/xoroshiro128plus";
import { compareLengths } from "./order.ts";

/**
 * Share of the rows in the pilot. It exceeds the 2 % at which the forecast must be good, because the rows in flight at that
 * moment must cover all lengths too.
 */
const SHARE = 0.03;
const LEAST = 20;
const MOST = 750;
/**
 * The sample continues after the pilot, up to this share of all rows, because the first batch does not show the speed, and long
 * rows alone do not show how much of the cost is per row. It adds no work, because every row is scored once anyway.
 */
const SAMPLE_SHARE = 0.1;
const LEAST_SAMPLE = 60;
/** The sample is divided into blocks of about this many rows, each of which covers all lengths. */
const BLOCK = 8;

/** The size of the sample, and that of the pilot, which is its beginning. */
export interface SampleSizes {
  readonly pilotRows: number;
  readonly rows: number;
}

/**
 * Computes the sizes for a run of this many rows. The pilot has 3 %, at least 20 and at most 750; the sample has a tenth, at
 * least 60. The first decision follows the pilot.
 */
export function sampleSizes(rows: number): SampleSizes {
  return {
    pilotRows: Math.min(rows, Math.max(LEAST, Math.min(MOST, Math.round(SHARE * rows)))),
    rows: Math.min(rows, Math.max(LEAST_SAMPLE, Math.round(SAMPLE_SHARE * rows))),
  };
}

/**
 * Computes the sizes for the `left` rows of a run of `rows` rows: the same share as in the whole run, but at least 20 rows in
 * the pilot and 60 in the sample. Neither exceeds its size in the whole run, nor the rows that are left.
 */
export function sampleSizesOfRest(whole: SampleSizes, rows: number, left: number): SampleSizes {
  const scaled = (size: number, least: number): number =>
    Math.min(left, size, Math.max(least, Math.round((size * left) / Math.max(1, rows))));
  return { pilotRows: scaled(whole.pilotRows, LEAST), rows: scaled(whole.rows, LEAST_SAMPLE) };
}

/**
 * Chooses a sample of `size` rows among `rows` (indices into `tokens`), in the order in which it is scored; the pilot is its
 * beginning. `size` is at most the number of `rows`. The rows are sorted by length and cut into as many strata as the sample has
 * rows, and one row is drawn from each stratum: proportionate stratified sampling (Cochran, Sampling Techniques, 3rd ed. 1977,
 * chapter 5). Every block of about eight rows takes strata at equal distances, so that the pilot already represents the whole
 * sample. The same seed gives the same sample.
 */
export function chooseSample(tokens: readonly number[], rows: readonly number[], size: number, seed: number): number[] {
  const random = xoroshiro128plus(seed);
  const sorted = [...rows].sort((one, other) => compareLengths(tokens, one, other));
  const blocks: number[][] = Array.from({ length: Math.max(1, Math.round(size / BLOCK)) }, () => []);
  for (let i = 0; i < size; i++) {
    const from = Math.floor((i * sorted.length) / size);
    const to = Math.floor(((i + 1) * sorted.length) / size);
    const row = sorted[uniformInt(random, from, to - 1)];
    if (row !== undefined) blocks[i % blocks.length]?.push(row);
  }
  const shuffle = <T>(items: readonly T[]): T[] => shuffled(items, (most) => uniformInt(random, 0, most));
  return shuffle(blocks).flatMap(shuffle);
}

/** Shuffles by the method of Fisher and Yates (1938) in Durstenfeld's form. */
function shuffled<T>(items: readonly T[], drawUpTo: (most: number) => number): T[] {
  const order = [...items];
  for (let i = order.length - 1; i > 0; i--) {
    const j = drawUpTo(i);
    const [one, other] = [order[i], order[j]];
    if (one !== undefined && other !== undefined) [order[i], order[j]] = [other, one];
  }
  return order;
}
