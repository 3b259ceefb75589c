import { uniformInt } from "pure-rand/distribution/uniformInt";
import { xoroshiro128plus } from "pure-rand/generator/xoroshiro128plus";
import type { RandomGenerator } from "pure-rand/types/RandomGenerator";

/** Creates a generator from a seed; equal seeds give equal streams, also across platforms. */
export function seededGenerator(seed: number): RandomGenerator {
  const generator = xoroshiro128plus(seed);
  // Seeds that differ in a few bits start with similar numbers; the first ones are thrown away.
  for (let k = 0; k < 64; k += 1) generator.next();
  return generator;
}

/** Lists 0 to size - 1 in a random order (Fisher-Yates). */
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
