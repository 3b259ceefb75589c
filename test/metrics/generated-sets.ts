import type { Scored } from "../../src/metrics/scored.ts";
import { withTie } from "../helpers/matrix.ts";

/** The generated sets of test/fixtures/metrics/golden.py, bit for bit: only additions, multiplications and divisions. */
export function generatedSet(k: number): Scored {
  const next = congruential(k + 1);
  const rows = [1, 2, 3, 7, 20, 60, 150, 300, 500, 1000][k % 10] ?? 0;
  const style = Math.floor(k / 10);
  const probabilities = new Float64Array(3 * rows);
  const truth = new Float64Array(3 * rows);
  const groups = new Uint32Array(rows);
  for (let row = 0; row < rows; row += 1) {
    const weights = [0, 1, 2].map(() => {
      const u = next();
      return style === 1 ? u * u * u : u;
    });
    const [w0, w1, w2] = style === 2 ? quarters(weights, row) : (weights as [number, number, number]);
    const total = w0 + w1 + w2;
    const p = [w0 / total, w1 / total, w2 / total] as const;
    const votes: [number, number, number] = [0, 0, 0];
    const count = style === 3 ? 3 : 1;
    for (let vote = 0; vote < count; vote += 1) votes[drawClass(p, next(), next(), style === 4 ? 2 : 3)] += 1;
    probabilities.set(p, 3 * row);
    truth.set(
      votes.map((x) => x / count),
      3 * row,
    );
    groups[row] = Math.floor(next() * (rows / 2));
  }
  return { probabilities: withTie(probabilities), truth: withTie(truth), groups };
}

function quarters(weights: readonly number[], row: number): [number, number, number] {
  const coarse = weights.map((x) => Math.floor(4 * x)) as [number, number, number];
  if (coarse.every((x) => x === 0)) coarse[(row % 3) as 0 | 1 | 2] = 1;
  return coarse;
}

function drawClass(p: readonly [number, number, number], u: number, v: number, classes: number): 0 | 1 | 2 {
  if (u >= 0.6) return Math.floor(v * classes) as 0 | 1 | 2;
  return v < p[0] ? 0 : v < p[0] + p[1] ? 1 : 2;
}

function congruential(seed: number): () => number {
  let x = seed;
  return () => {
    x = (Math.imul(1664525, x) + 1013904223) >>> 0;
    return x / 2 ** 32;
  };
}
