/** One way to go on with an item: what it brings, and the seconds that it takes of each engine. */
export interface KnapsackOption {
  readonly value: number;
  readonly seconds: readonly [number, number];
}

/** The time for all items: shared by the two engines, which take turns, or of each engine by itself. */
export type TimeBudget =
  | { readonly kind: "shared"; readonly seconds: number }
  | { readonly kind: "separate"; readonly seconds: readonly [number, number] };

/** The option that each item takes (null for none), and the sum of their values. */
export interface Filling {
  readonly chosen: readonly (number | null)[];
  readonly value: number;
}

/**
 * Chooses at most one option of each item so that the sum of the values is large and the seconds fit. Of each item, only the options
 * on the concave hull of value over cost are taken, in steps of falling value per second; the steps of all items are taken in
 * this order until the time is used. This is the greedy solution of the multiple-choice knapsack problem, which misses the best one
 * by less than one step (Sinha and Zoltners 1979, Operations Research 27(3)). Where each engine has time of its own, the exchange rate between
 * their seconds is the best of a few. Items that bring the same per second are taken in their order.
 */
export function fillKnapsack(items: readonly (readonly KnapsackOption[])[], budget: TimeBudget): Filling {
  switch (budget.kind) {
    case "shared":
      return fillAt(items, [1, 1], ([one, other]) => {
        const fits = one + other <= budget.seconds;
        return [fits, fits];
      });
    case "separate": {
      const [small, large] = budget.seconds;
      const fillings = EXCHANGE_RATES.map((rate) =>
        fillAt(items, [1, rate], ([one, other]) => [one <= small, other <= large]),
      );
      return fillings.reduce((best, filling) => (filling.value > best.value ? filling : best));
    }
    default:
      return budget satisfies never;
  }
}

/** How many seconds of the first engine a second of the other one is worth. */
const EXCHANGE_RATES = [1 / 64, 1 / 16, 1 / 8, 1 / 4, 1 / 2, 1, 2, 4, 8, 16, 64] as const;

interface HullStep {
  readonly item: number;
  readonly option: number;
  readonly perSecond: number;
}

function fillAt(
  items: readonly (readonly KnapsackOption[])[],
  prices: readonly [number, number],
  fits: (used: readonly [number, number]) => readonly [boolean, boolean],
): Filling {
  const steps: HullStep[] = items.flatMap((options, item) =>
    hullOf(options, prices).map((step) => ({ item, ...step })),
  );
  // A stable sort: the steps of an item stay in their order.
  steps.sort((one, other) => (one.perSecond === other.perSecond ? 0 : other.perSecond - one.perSecond));
  const chosen = new Array<number | null>(items.length).fill(null);
  const isClosed = new Uint8Array(items.length);
  const isFull = [false, false];
  let used: readonly [number, number] = [0, 0];
  let value = 0;
  for (const { item, option } of steps) {
    if (isClosed[item] === 1) continue;
    const now = optionAt(items, item, chosen[item] ?? null);
    const next = optionAt(items, item, option);
    const more = [next.seconds[0] - now.seconds[0], next.seconds[1] - now.seconds[1]] as const;
    const after = [used[0] + more[0], used[1] + more[1]] as const;
    const fit = fits(after);
    // What does not fit fills its engine: a longer time must not exchange many small steps for a large one.
    for (const engine of [0, 1] as const) isFull[engine] ||= more[engine] > 0 && !fit[engine];
    if ([0, 1].some((engine) => isFull[engine] === true && (more[engine] ?? 0) > 0)) {
      isClosed[item] = 1;
      continue;
    }
    chosen[item] = option;
    used = after;
    value += next.value - now.value;
  }
  return { chosen, value };
}

const NOTHING: KnapsackOption = { value: 0, seconds: [0, 0] };

function optionAt(items: readonly (readonly KnapsackOption[])[], item: number, option: number | null): KnapsackOption {
  return option === null ? NOTHING : (items[item]?.[option] ?? NOTHING);
}

/** Finds the options on the upper concave hull, from the origin on, with the value per second of each step along it. */
function hullOf(
  options: readonly KnapsackOption[],
  prices: readonly [number, number],
): readonly { readonly option: number; readonly perSecond: number }[] {
  const costs = options.map(({ seconds }) => prices[0] * seconds[0] + prices[1] * seconds[1]);
  const hull: { option: number; perSecond: number }[] = [];
  let [cost, value] = [0, 0];
  for (;;) {
    let best: { option: number; perSecond: number } | null = null;
    for (const [option, { value: total }] of options.entries()) {
      if (total <= value) continue;
      const more = (costs[option] ?? 0) - cost;
      const perSecond = more > 0 ? (total - value) / more : Number.POSITIVE_INFINITY;
      if (best === null || perSecond > best.perSecond) best = { option, perSecond };
    }
    if (best === null) return hull;
    hull.push(best);
    cost = costs[best.option] ?? 0;
    value = options[best.option]?.value ?? 0;
  }
}
