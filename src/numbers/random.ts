import { uniformInt } from "pure-rand/distribution/uniformInt";
import { xoroshiro128plus } from "pure-rand/generator/xoroshiro128plus";
import type { RandomGenerator } from "pure-rand/types/RandomGenerator";

/** Creates a random number generator from a seed. Equal seeds give equal sequences on all platforms. */
export function seededGenerator(seed: number): RandomGenerator {
  const generator = xoroshiro128plus(seed);
  // Seeds that differ in only a few bits give similar first numbers, so the first 64 numbers are discarded.
  for (let k = 0; k < 64; k += 1) generator.next();
  return generator;
}

/** Draws a number from 0 to below 1. */
export function drawUniform(generator: RandomGenerator): number {
  return (generator.next() >>> 0) / 2 ** 32;
}

/** Lists the numbers 0 to size - 1 in a random order (Fisher-Yates). */
export function shuffledIndexes(size: number, seed: number): Uint32Array {
  const generator = seededGenerator(seed);
  const order = Uint32Array.from({ length: size }, (_, index) => index);
  for (let last = size - 1; last > 0; last -= 1) {
    const other = uniformInt(generator, 0, last);
    const held = order[last] as number;
    order[last] = order[other] as number;
    order[other] = held;
  }
  return order;
}
