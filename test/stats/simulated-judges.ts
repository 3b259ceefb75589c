import type { RandomGenerator } from "pure-rand/types/RandomGenerator";
import { seededGenerator } from "../../src/numbers/random.ts";

export interface Simulation {
  readonly seed: number;
  readonly groups: number;
  /** Mean number of rows that share a prompt (geometric). */
  readonly meanGroup: number;
  /** Standard deviation of each judge's error in the logits; equal ones make the true difference exactly 0. */
  readonly errors: readonly [number, number];
}

/**
 * Simulates two judges of the same rows: both see the true logits with an error of their own, half of whose variance
 * is shared by the rows of a prompt. Returns log loss of the first - log loss of the second for each row.
 */
export function simulateJudges(options: Simulation): { differences: Float64Array; groups: Uint32Array } {
  const generator = seededGenerator(options.seed);
  const normal = normals(generator);
  const [first, second] = options.errors.map((error) => error * Math.SQRT1_2) as [number, number];
  const logits = new Float64Array(3);
  const seen = [new Float64Array(3), new Float64Array(3)] as const;
  const shared = [new Float64Array(3), new Float64Array(3)] as const;
  const differences: number[] = [];
  const groups: number[] = [];
  for (let group = 0; group < options.groups; group += 1) {
    for (let k = 0; k < 3; k += 1) {
      shared[0][k] = first * normal();
      shared[1][k] = second * normal();
    }
    do {
      for (let k = 0; k < 3; k += 1) {
        const logit = normal();
        logits[k] = logit;
        seen[0][k] = logit + (shared[0][k] as number) + first * normal();
        seen[1][k] = logit + (shared[1][k] as number) + second * normal();
      }
      const winner = draw(logits, uniform(generator));
      differences.push(loss(seen[0], winner) - loss(seen[1], winner));
      groups.push(group);
    } while (uniform(generator) > 1 / options.meanGroup);
  }
  return { differences: Float64Array.from(differences), groups: Uint32Array.from(groups) };
}

function loss(logits: Float64Array, winner: number): number {
  return Math.log(weight(logits)) - (logits[winner] as number);
}

function draw(logits: Float64Array, u: number): number {
  let left = u * weight(logits);
  for (let k = 0; k < 2; k += 1) {
    left -= Math.exp(logits[k] as number);
    if (left < 0) return k;
  }
  return 2;
}

function weight(logits: Float64Array): number {
  return Math.exp(logits[0] as number) + Math.exp(logits[1] as number) + Math.exp(logits[2] as number);
}

function uniform(generator: RandomGenerator): number {
  return ((generator.next() >>> 0) + 0.5) / 2 ** 32;
}

/** Box and Muller's transform, which makes two at a time. */
function normals(generator: RandomGenerator): () => number {
  let held: number | null = null;
  return () => {
    if (held !== null) {
      const value = held;
      held = null;
      return value;
    }
    const radius = Math.sqrt(-2 * Math.log(uniform(generator)));
    const angle = 2 * Math.PI * uniform(generator);
    held = radius * Math.sin(angle);
    return radius * Math.cos(angle);
  };
}
