/** Counts answered tokens over time, in at most 4,096 bins, so that a run of any length takes the same memory. */
export interface Meter {
  /** Adds tokens that were answered at `at` (monotonic ms, not before the start). */
  readonly add: (at: number, tokens: number) => void;
  /**
   * Finds the largest number of tokens per ms over any interval of at least `ms` that lies before `end`; null when the time up
   * to `end` is shorter than such an interval.
   */
  readonly best: (ms: number, end: number) => { readonly tokensPerMs: number; readonly ms: number } | null;
}

const FIRST_WIDTH_MS = 250;
const MOST_BINS = 4_096;

/** Creates a meter that counts from `startedAt` (monotonic ms) on. */
export function createMeter(startedAt: number): Meter {
  let width = FIRST_WIDTH_MS;
  let bins: number[] = [];
  return {
    add: (at, tokens) => {
      while ((at - startedAt) / width >= MOST_BINS) {
        bins = mergePairs(bins);
        width *= 2;
      }
      const bin = Math.max(0, Math.floor((at - startedAt) / width));
      bins[bin] = (bins[bin] ?? 0) + tokens;
    },
    best: (ms, end) => {
      const whole = Math.floor((end - startedAt) / width);
      const wanted = Math.max(1, Math.ceil(ms / width));
      if (wanted > whole) return null;
      let sum = 0;
      let most = 0;
      for (let bin = 0; bin < whole; bin += 1) {
        sum += (bins[bin] ?? 0) - (bin < wanted ? 0 : (bins[bin - wanted] ?? 0));
        if (bin >= wanted - 1) most = Math.max(most, sum);
      }
      return { tokensPerMs: most / (wanted * width), ms: wanted * width };
    },
  };
}

function mergePairs(bins: readonly number[]): number[] {
  return Array.from(
    { length: Math.ceil(bins.length / 2) },
    (_, bin) => (bins[2 * bin] ?? 0) + (bins[2 * bin + 1] ?? 0),
  );
}
