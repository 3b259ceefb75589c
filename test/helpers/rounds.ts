import { seeded } from "./random.ts";

/** How often each fault is tried: a few times in `npm test`, ABTIE_FAULT_ROUNDS (20) times when it is to be known. */
export function faultRounds(usual: number): number {
  const asked = Number(process.env["ABTIE_FAULT_ROUNDS"] ?? Number.NaN);
  return Number.isInteger(asked) && asked > 0 ? asked : usual;
}

/** Random moments, one for each round, as numbers in [0, 1) with three decimals; the seed is kept, so they are always the same. */
export function moments(seed: number): readonly number[] {
  const random = seeded(seed);
  return Array.from({ length: faultRounds(1) }, () => Math.floor(1000 * random()) / 1000);
}
