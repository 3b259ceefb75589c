import type { Step } from "./ladder.ts";

/** A step with a shorter context: its name and the prompt tokens that a row may take on this step. */
export interface ShortStep {
  readonly name: string;
  readonly tokenBudget: number;
}

/**
 * Lists the steps of the default ladder. `auto` scores the swapped order of chosen rows while time is left, `both` scores it
 * for all rows, `one` for none. The shortened steps follow, the longest context first, then the fallback.
 */
export function usualSteps(orders: "one" | "both" | "auto", shortened: readonly ShortStep[]): readonly Step[] {
  return [
    ...(orders === "one" ? [] : [{ name: "both-orders", kind: "both-orders", tokenBudget: null } as const]),
    { name: "one-order", kind: "one-order", tokenBudget: null },
    ...shortened.map((step) => ({ ...step, kind: "one-order-short" }) as const),
    { name: "prior", kind: "prior", tokenBudget: shortened.at(-1)?.tokenBudget ?? null },
  ];
}

/**
 * When the rows of the swap pass are chosen by worth, the step "both-orders" counts as feasible once it can cover this share of
 * the rows.
 */
const USUAL_LEAST_SHARE = 0.02;

/** Gives the smallest and the largest share of the rows that the swap pass covers, for the wanted orders. */
export function usualShares(orders: "one" | "both" | "auto"): { readonly minShare: number; readonly maxShare: number } {
  switch (orders) {
    case "one":
      return { minShare: 0, maxShare: 0 };
    case "both":
      return { minShare: 1, maxShare: 1 };
    case "auto":
      return { minShare: USUAL_LEAST_SHARE, maxShare: 1 };
    default:
      return orders satisfies never;
  }
}

/** Rank of each kind of step; 0 is the best. */
const RANKS = { "both-orders": 0, "one-order": 1, "one-order-short": 2, prior: 3 } satisfies Record<
  Step["kind"],
  number
>;

/**
 * Checks that the steps form a ladder. Returns the first problem, or null. The rules: names differ; kinds come from best to
 * worst, and only "one-order-short" may occur more than once; the token budget never grows from one step to the next, and it
 * shrinks from one shortened step to the next; the last step, and only the last, is of the kind "prior".
 */
export function checkSteps(steps: readonly Step[]): string | null {
  if (steps.at(-1)?.kind !== "prior") return "the last step must be of the kind prior";
  for (const [i, step] of steps.entries()) {
    const { name, kind, tokenBudget } = step;
    if (tokenBudget !== null && !(tokenBudget >= 1)) return `the token budget of ${name} must be at least 1`;
    if (kind === "one-order-short" && tokenBudget === null) return `${name} needs a token budget`;
    const before = steps[i - 1];
    if (steps.slice(0, i).some((other) => other.name === name)) return `two steps are called ${name}`;
    if (before === undefined) continue;
    const isBelow = RANKS[kind] > RANKS[before.kind];
    const isShorter = contextOf(step) < contextOf(before);
    if (!isBelow && !(kind === "one-order-short" && before.kind === kind && isShorter)) {
      return `${name} (${kind}) does not come after ${before.name} (${before.kind})`;
    }
    if (contextOf(step) > contextOf(before)) return `${name} has a larger token budget than ${before.name} above it`;
  }
  return null;
}

function contextOf({ tokenBudget }: Step): number {
  return tokenBudget ?? Number.POSITIVE_INFINITY;
}
