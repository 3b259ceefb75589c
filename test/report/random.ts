import { uniformFloat64 } from "pure-rand/distribution/uniformFloat64";
import { xoroshiro128plus } from "pure-rand/generator/xoroshiro128plus";

/** Random numbers of a seed, for sample data. */
export interface Random {
  /** Uniform in [0, 1). */
  readonly uniform: () => number;
  /** Standard normal (Box-Muller). */
  readonly normal: () => number;
  readonly pick: <T>(items: readonly T[]) => T;
}

/** Makes a source of random numbers; equal seeds give equal streams. */
export function seeded(seed: number): Random {
  const generator = xoroshiro128plus(seed);
  for (let index = 0; index < 64; index += 1) generator.next();
  const uniform = (): number => uniformFloat64(generator);
  const normal = (): number => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
  const pick = <T>(items: readonly T[]): T => items[Math.floor(uniform() * items.length)] as T;
  return { uniform, normal, pick };
}
