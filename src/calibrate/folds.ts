import { shuffledIndexes } from "../numbers/random.ts";

/**
 * Deals the rows into folds so that rows of one group never part: groups in random order, the larger first, each into
 * the fold that has the fewest rows so far. Returns the fold of each row.
 */
export function groupedFolds(groups: Uint32Array, folds: number, seed: number): Uint8Array {
  const sizes = new Map<number, number>();
  for (const group of groups) sizes.set(group, (sizes.get(group) ?? 0) + 1);
  const entries = [...sizes];
  const order = [...shuffledIndexes(entries.length, seed)]
    .flatMap((place) => entries.slice(place, place + 1))
    .sort(([, one], [, other]) => other - one);
  const filled = new Array<number>(folds).fill(0);
  const foldOf = new Map<number, number>();
  for (const [group, size] of order) {
    const fold = filled.indexOf(Math.min(...filled));
    filled[fold] = (filled[fold] as number) + size;
    foldOf.set(group, fold);
  }
  return Uint8Array.from(groups, (group) => foldOf.get(group) as number);
}
