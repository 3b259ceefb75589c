/** Fewest values that must be left when a warm-up is cut off. */
const LEAST_REST = 4;
/** A warm-up must be slower than the rest by this many standard errors, else chance would cut good values off. */
const CLEAR = 1;

/**
 * Finds how many of the first values belong to a warm-up: the number d that minimises the marginal standard error of the
 * mean of the rest, sum of (y - mean)² / (n - d)², over at most the first half; White, An effective truncation heuristic for
 * bias reduction in simulation output, Simulation 69(6), 1997 (MSER). None when the cut values are not clearly slower.
 */
export function warmUpLength(values: readonly number[], weights: readonly number[]): number {
  let best = 0;
  let bestError = Number.POSITIVE_INFINITY;
  for (let d = 0; d <= values.length / 2 && values.length - d >= LEAST_REST; d++) {
    const rest = describe(values, weights, d, values.length);
    const error = rest.variance / rest.weight;
    if (error < bestError) [best, bestError] = [d, error];
  }
  if (best === 0) return 0;
  const cut = describe(values, weights, 0, best);
  const rest = describe(values, weights, best, values.length);
  const spread = rest.variance * (1 / best + 1 / (values.length - best));
  return cut.mean - rest.mean > CLEAR * Math.sqrt(spread) ? best : 0;
}

function describe(
  values: readonly number[],
  weights: readonly number[],
  from: number,
  to: number,
): { mean: number; variance: number; weight: number } {
  let [weight, sum, squares] = [0, 0, 0];
  for (let i = from; i < to; i++) {
    const [value, w] = [values[i] ?? 0, weights[i] ?? 0];
    weight += w;
    sum += w * value;
    squares += w * value * value;
  }
  const mean = sum / weight;
  return { mean, variance: Math.max(0, squares / weight - mean ** 2), weight };
}
