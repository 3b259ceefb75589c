/** What a race may spend: prompts (a row in one order by one variant), or time of scoring in ms. */
export type RaceBudget =
  | { readonly kind: "prompts"; readonly prompts: number }
  | { readonly kind: "time"; readonly ms: number };

/** How a race divides its rows and its budget. */
export interface RacePlan {
  /** Rows on which all variants that are still in are compared. */
  readonly race: Uint32Array;
  /** Rows that have no part in the choice: only the winner is scored on them, so that its score is not the luckiest of many. */
  readonly held: Uint32Array;
  /** When the race ends at the latest. */
  readonly budget: RaceBudget;
  /** When scoring ends at the latest, ms; null: the budget is in prompts, of which the held rows have their own. */
  readonly ms: number | null;
}

/** Share of the rows, and of the budget, that is kept for the score of the winner. */
const HELD_SHARE = 0.2;

/**
 * Divides the rows of a race. A fifth of the prompts is held out, and as much of the budget at most; whole groups, from the end of
 * an order that is random, so that both parts are random samples of the groups.
 */
export function planRace(
  order: Uint32Array,
  groups: Uint32Array,
  { budget, orders }: { readonly budget: RaceBudget; readonly orders: number },
): RacePlan {
  const affordable = budget.kind === "prompts" ? Math.floor((HELD_SHARE * budget.prompts) / orders) : order.length;
  let begin = order.length - Math.min(Math.floor(HELD_SHARE * order.length), affordable);
  while (begin > 0 && begin < order.length && groups[order[begin] as number] === groups[order[begin - 1] as number])
    begin += 1;
  const held = order.subarray(begin);
  return {
    race: order.subarray(0, begin),
    held,
    budget:
      budget.kind === "time"
        ? { kind: "time", ms: (1 - HELD_SHARE) * budget.ms }
        : { kind: "prompts", prompts: budget.prompts - held.length * orders },
    ms: budget.kind === "time" ? budget.ms : null,
  };
}

/**
 * Chooses the winner of a race: of the variants that are still in, the one with the lowest mean loss over the rows that all of
 * them have. Null when there is no such row.
 */
export function leaderOf(
  losses: readonly (readonly (number | null | undefined)[])[],
  isIn: readonly boolean[],
): number | null {
  const sums = isIn.map(() => 0);
  let rows = 0;
  for (const row of losses) {
    if (!isIn.every((is, variant) => !is || typeof row[variant] === "number")) continue;
    rows += 1;
    for (const variant of sums.keys()) sums[variant] = (sums[variant] as number) + (row[variant] ?? 0);
  }
  if (rows === 0) return null;
  const inside = [...isIn.keys()].filter((variant) => isIn[variant] === true);
  return inside.reduce(
    (best, variant) => ((sums[variant] as number) < (sums[best] as number) ? variant : best),
    inside[0] ?? 0,
  );
}
