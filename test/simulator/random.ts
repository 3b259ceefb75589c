import { uniformFloat64 } from "pure-rand/distribution/uniformFloat64";
import { xoroshiro128plus } from "pure-rand/generator/xoroshiro128plus";

/** Random numbers that are the same for the same seed. */
export interface Random {
  /** Uniform in [0, 1). */
  readonly uniform: () => number;
  readonly between: (low: number, high: number) => number;
  /** Uniform on a log scale. */
  readonly logBetween: (low: number, high: number) => number;
  readonly normal: () => number;
  readonly chance: (probability: number) => boolean;
}

export function createRandom(seed: number): Random {
  const generator = xoroshiro128plus(Math.imul(seed + 1, 0x9e3779b1));
  // Neighbouring seeds give alike numbers at first.
  for (let i = 0; i < 64; i++) generator.next();
  const uniform = (): number => uniformFloat64(generator);
  const between = (low: number, high: number): number => low + (high - low) * uniform();
  return {
    uniform,
    between,
    logBetween: (low, high) => Math.exp(between(Math.log(low), Math.log(high))),
    // Box and Muller 1958.
    normal: () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform()),
    chance: (probability) => uniform() < probability,
  };
}
