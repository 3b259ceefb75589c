import { formatFixed, plural } from "../format.ts";
import type { SequentialState } from "../stats/sequential-comparison.ts";
import type { PairComparison } from "./compare-pairs.ts";

/**
 * Formats the result of a comparison of two variants as one sentence, for example "b is better by 0.021 nats, 95 % 0.008
 * to 0.034, 412 rows; it costs 9 % more time". `noise` is the noise floor in nats: the change of log loss when the same
 * rows are scored again in other batches; null when it was not measured.
 */
export function pairSentence(pair: PairComparison, noise: number | null = null): string {
  const { error, mean, rows, groups, level } = pair.logLoss;
  const ahead = mean >= 0 ? pair.second : pair.first;
  const behind = mean >= 0 ? pair.first : pair.second;
  const gap = Math.abs(mean);
  if (error === null || pair.p === null) {
    return `${pair.first} and ${pair.second} cannot be compared on ${plural(groups, "prompt")} (${plural(rows, "row")}): at least 4 prompts are needed`;
  }
  const ends = mean >= 0 ? error.interval : { low: -error.interval.high, high: -error.interval.low };
  const result = `${nats(gap)} nats, ${percent(level)} ${nats(ends.low)} to ${nats(ends.high)}, ${plural(rows, "row")}`;
  const time = mean >= 0 ? pair.timeRatio : inverse(pair.timeRatio);
  if (noise !== null && gap <= noise) {
    return `${pair.first} and ${pair.second} differ by ${result}: no more than scoring the same rows again does (${nats(noise)} nats)${cost(ahead, time)}`;
  }
  if (pair.p <= 1 - level) {
    const than = pair.pairs > 1 ? ` than ${behind}` : "";
    return `${ahead} is better${than} by ${result}${cost("it", time)}`;
  }
  const many = pair.pairs > 1 ? ` after adjusting for ${pair.pairs} comparisons` : "";
  return `${pair.first} and ${pair.second} cannot be told apart${many}: ${ahead} is ahead by ${result}${more(pair.moreRows)}${cost(ahead, time)}`;
}

/**
 * Formats the state of a comparison that may stop early as one sentence. Differences in `state` are positive when the
 * second variant is better.
 */
export function sequentialSentence(
  state: SequentialState,
  names: {
    readonly first: string;
    readonly second: string;
    /** Coverage of the interval. */
    readonly level: number;
    /** Differences smaller than this, in nats, count as no difference; null when no margin is set. */
    readonly margin: number | null;
    /** Time of the second / time of the first; null when unknown. */
    readonly timeRatio?: number | null;
    /** Number of pairs in the comparison: with several, the sentence names both variants. Default 1. */
    readonly pairs?: number;
  },
): string {
  const { verdict, mean, interval } = state;
  const { first, second, level, margin, timeRatio: time = null, pairs = 1 } = names;
  const than = (other: string): string => (pairs > 1 ? ` than ${other}` : "");
  const seen = `${plural(state.rows, "row")} of ${plural(state.groups, "prompt")}`;
  const from = (gap: number, low: number, high: number): string =>
    `${nats(gap)} nats, ${percent(level)} ${nats(low)} to ${nats(high)} at any moment`;
  const ahead = mean < 0 ? from(-mean, -interval.high, -interval.low) : from(mean, interval.low, interval.high);
  switch (verdict) {
    case "better":
      return `${second} is better${than(first)} by ${from(mean, interval.low, interval.high)}, decided after ${seen}${cost("it", time)}`;
    case "worse":
      return `${first} is better${than(second)} by ${from(-mean, -interval.high, -interval.low)}, decided after ${seen}${cost("it", inverse(time))}`;
    case "equivalent":
      return `${first} and ${second} differ by less than ${nats(margin ?? 0)} nats, decided after ${seen}${cost(second, time)}`;
    case "undecided":
      return `${first} and ${second} are not told apart yet: ${mean < 0 ? first : second} is ahead by ${ahead}, ${seen}${more(state.moreRows)}${cost(second, time)}`;
    default:
      return verdict satisfies never;
  }
}

function cost(who: string, ratio: number | null): string {
  if (ratio === null) return "";
  const change = Math.round((ratio - 1) * 100);
  if (change === 0) return `; ${who} costs as much time`;
  return `; ${who} costs ${Math.abs(change)} % ${change > 0 ? "more" : "less"} time`;
}

function more(rows: number | null): string {
  return rows === null || rows === 0
    ? ""
    : `; about ${plural(roundUp(rows), "more row")} would settle a difference of this size`;
}

/** Rounds up to two significant digits, because the number is extrapolated from an estimate. */
function roundUp(rows: number): number {
  const unit = 10 ** Math.max(0, Math.floor(Math.log10(rows)) - 1);
  return Math.ceil(rows / unit) * unit;
}

function inverse(ratio: number | null): number | null {
  return ratio === null ? null : 1 / ratio;
}

function nats(value: number): string {
  return formatFixed(value, 3);
}

function percent(level: number): string {
  return `${Number((100 * level).toFixed(2))} %`;
}
