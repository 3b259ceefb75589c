import { swap } from "../../src/classes.ts";
import type { PerClass } from "../../src/types.ts";
import { createRandom, type Random } from "../simulator/random.ts";

/** A row that a judge saw in both orders; the second answer is swapped back. */
export interface JudgedRow {
  readonly truth: 0 | 1 | 2;
  readonly first: PerClass;
  readonly second: PerClass;
  readonly tokens: number;
}

/** How a judge errs, in nats of log odds of A against B. */
export interface Judge {
  /** Added to whatever is shown first. */
  readonly bias: number;
  /** How much of a real difference it sees; above 1 it is overconfident. */
  readonly slope: number;
  /** Standard deviation of its errors: about the row, the same in both orders, and anew with each order. */
  readonly rowError: number;
  readonly orderError: number;
}

/** Draws rows with a true log odds of A against B (normal) and a true share of ties, and the answers of a judge. */
export function judgeRows(seed: number, rows: number, judge: Judge): readonly JudgedRow[] {
  const random = createRandom(seed);
  return Array.from({ length: rows }, () => judgeRow(random, judge));
}

function judgeRow(random: Random, { bias, slope, rowError, orderError }: Judge): JudgedRow {
  const odds = 1.1 * random.normal();
  const tie = 1 / (1 + Math.exp(1 + Math.abs(odds)));
  const seen = slope * odds + rowError * random.normal();
  const shown = (forA: number): PerClass => triple(forA, Math.min(0.9, Math.max(0.02, tie * random.between(0.6, 1.6))));
  const first = shown(seen + bias + orderError * random.normal());
  // In the swapped order B is shown first, so the log odds of the first shown are those of B.
  const second = swap(shown(-seen + bias + orderError * random.normal()));
  return { truth: draw(random, triple(odds, tie)), first, second, tokens: Math.round(random.logBetween(60, 2_000)) };
}

function triple(odds: number, tie: number): PerClass {
  const a = (1 - tie) / (1 + Math.exp(-odds));
  return [a, 1 - tie - a, tie];
}

function draw(random: Random, [a, b]: PerClass): 0 | 1 | 2 {
  const u = random.uniform();
  return u < a ? 0 : u < a + b ? 1 : 2;
}
