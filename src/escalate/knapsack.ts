/** Items, each with options to go on with it. */
export interface KnapsackItems {
  /** Place of the first option of each item, and after them the number of options. */
  readonly starts: Uint32Array;
  /** What each option brings; positive. */
  readonly values: Float64Array;
  /** The seconds that each option takes of each engine. */
  readonly seconds: readonly [Float64Array, Float64Array];
}

/** The time for all items: shared by the two engines, which take turns, or of each engine by itself. */
export type TimeBudget =
  | { readonly kind: "shared"; readonly seconds: number }
  | { readonly kind: "separate"; readonly seconds: readonly [number, number] };

/** Place of the option that each item takes, -1 for none, and the sum of their values. */
export interface Filling {
  readonly chosen: Int32Array;
  readonly value: number;
}

/**
 * Chooses at most one option of each item so that the sum of the values is large and the seconds fit. Of each item, only the options
 * on the concave hull of value over cost are taken, in steps of falling value per second; the steps of all items are taken in
 * this order as far as they fit. This is the greedy solution of the multiple-choice knapsack problem, which misses the best
 * one by less than one step (Sinha and Zoltners 1979, Operations Research 27(3)). With shared time, more time never lowers the sum:
 * where a step fits instead of later ones, these brought less per second in less time. Where each engine has time of its own, the
 * exchange rate between their seconds is the best of a few. Items that bring the same per second are taken in their order.
 */
export function fillKnapsack(items: KnapsackItems, budget: TimeBudget): Filling {
  if (budget.kind === "shared") return fillAt(items, 1, budget);
  const fillings = EXCHANGE_RATES.map((rate) => fillAt(items, rate, budget));
  return fillings.reduce((best, filling) => (filling.value > best.value ? filling : best));
}

/** How many seconds of the first engine a second of the other one is worth. */
const EXCHANGE_RATES = [1 / 64, 1 / 8, 1 / 2, 1, 2, 8, 64] as const;

function fillAt(items: KnapsackItems, rate: number, budget: TimeBudget): Filling {
  const { starts, values, seconds } = items;
  const steps = hullSteps(items, rate);
  const chosen = new Int32Array(starts.length - 1).fill(-1);
  const [mostSmall, mostLarge] = budget.kind === "shared" ? [Infinity, Infinity] : budget.seconds;
  const mostTogether = budget.kind === "shared" ? budget.seconds : Infinity;
  let small = 0;
  let large = 0;
  let value = 0;
  for (const step of steps.order) {
    const item = steps.items[step] as number;
    const option = steps.options[step] as number;
    const before = chosen[item] as number;
    const moreSmall = difference(seconds[0], before, option);
    const moreLarge = difference(seconds[1], before, option);
    const isOver = small + moreSmall > mostSmall || large + moreLarge > mostLarge;
    if (isOver || small + moreSmall + large + moreLarge > mostTogether) continue;
    chosen[item] = option;
    small += moreSmall;
    large += moreLarge;
    value += difference(values, before, option);
  }
  return { chosen, value };
}

function difference(numbers: Float64Array, before: number, after: number): number {
  return (numbers[after] as number) - (before < 0 ? 0 : (numbers[before] as number));
}

/** Steps along the hulls of all items: the item and the option that it comes to; `order` lists them by falling value per second. */
interface HullSteps {
  readonly items: readonly number[];
  readonly options: readonly number[];
  readonly order: Uint32Array;
}

function hullSteps({ starts, values, seconds }: KnapsackItems, rate: number): HullSteps {
  const items: number[] = [];
  const options: number[] = [];
  const perSecond: number[] = [];
  for (let item = 0; item + 1 < starts.length; item += 1) {
    let cost = 0;
    let value = 0;
    for (;;) {
      let best = -1;
      let steepest = 0;
      for (let option = starts[item] as number; option < (starts[item + 1] as number); option += 1) {
        const more = (values[option] as number) - value;
        if (more <= 0) continue;
        const dearer = costOf(seconds, option, rate) - cost;
        const slope = dearer > 0 ? more / dearer : Number.POSITIVE_INFINITY;
        if (slope <= steepest) continue;
        best = option;
        steepest = slope;
      }
      if (best < 0) break;
      items.push(item);
      options.push(best);
      perSecond.push(steepest);
      cost = costOf(seconds, best, rate);
      value = values[best] as number;
    }
  }
  const order = Uint32Array.from(items.keys());
  const slopes = Float64Array.from(perSecond);
  // Equal steps stay in their order, so that the steps of an item follow each other.
  order.sort((one, other) => {
    const a = slopes[one] as number;
    const b = slopes[other] as number;
    return a === b ? one - other : b - a;
  });
  return { items, options, order };
}

function costOf(seconds: readonly [Float64Array, Float64Array], option: number, rate: number): number {
  return (seconds[0][option] as number) + rate * (seconds[1][option] as number);
}
