import type { LabelledReadings } from "../../src/calibrate/fit.ts";
import { withoutTie, withTie } from "../helpers/matrix.ts";

/** The generated readings of test/fixtures/calibrate/golden.py, bit for bit. */
export function generatedReadings(k: number): LabelledReadings {
  const next = congruential(100 + k);
  const ab: number[] = [];
  const ba: number[] = [];
  const truth: number[] = [];
  for (let row = 0; row < 90; row += 1) {
    const x = [0, 1, 2].map(() => -Math.floor(512 * next()) / 64);
    const y = [0, 1, 2].map(() => -Math.floor(512 * next()) / 64);
    const u = next();
    if (k >= TWO_CLASSES) {
      x.pop();
      y.pop();
    }
    if (k === 3 && row % 10 === 0) x[2] = -1000;
    if (k === 1) {
      const votes = [u, next(), next()].map((value) => Math.floor(3 * value));
      truth.push(...[0, 1, 2].map((place) => votes.filter((vote) => vote === place).length / 3));
    } else {
      const drawn = u < 0.5 ? x.indexOf(Math.max(...x)) : Math.floor(x.length * next());
      truth.push(...x.map((_, place) => (place === drawn ? 1 : 0)));
    }
    ab.push(...(row % 4 === 1 ? x.map(() => Number.NaN) : x));
    ba.push(...(row % 4 === 2 ? y.map(() => Number.NaN) : y));
  }
  const matrix = k >= TWO_CLASSES ? withoutTie : withTie;
  return {
    readings: { ab: matrix(ab), ba: matrix(ba) },
    truth: matrix(truth),
    groups: Uint32Array.from({ length: 90 }, (_, row) => row),
  };
}

/** Sets from this number on are of a judge without a tie. */
const TWO_CLASSES = 4;

function congruential(seed: number): () => number {
  let x = seed;
  return () => {
    x = (Math.imul(1664525, x) + 1013904223) >>> 0;
    return x / 2 ** 32;
  };
}
