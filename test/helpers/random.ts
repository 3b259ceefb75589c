import { xoroshiro128plus } from "pure-rand/generator/xoroshiro128plus";

/** Gives numbers in [0, 1) that are a function of the seed alone. */
export function seeded(seed: number): () => number {
  const generator = xoroshiro128plus(seed);
  for (let k = 0; k < 64; k += 1) generator.next();
  return () => (generator.next() >>> 0) / 2 ** 32;
}
