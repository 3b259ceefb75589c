import { shuffledIndexes } from "../numbers/random.ts";

/** The sum of the values and the number of the rows of each group, in order of first appearance; both weighted. */
export interface GroupSums {
  readonly sums: Float64Array;
  readonly sizes: Float64Array;
}

/**
 * Adds up values by group, each times its weight. Group numbers may have gaps: a slice of a file keeps the group numbers
 * of the file. Without weights, each row has the weight 1.
 */
export function sumByGroup(values: Float64Array, groups: Uint32Array, weights: Float64Array | null = null): GroupSums {
  if (values.length !== groups.length) {
    throw new Error(`sumByGroup: ${values.length} values but ${groups.length} group numbers`);
  }
  const indexOf = new Map<number, number>();
  const sums: number[] = [];
  const sizes: number[] = [];
  for (let row = 0; row < values.length; row += 1) {
    const group = groups[row] as number;
    let index = indexOf.get(group);
    if (index === undefined) {
      index = sums.push(0) - 1;
      sizes.push(0);
      indexOf.set(group, index);
    }
    const weight = weights === null ? 1 : (weights[row] as number);
    sums[index] = (sums[index] as number) + weight * (values[row] as number);
    sizes[index] = (sizes[index] as number) + weight;
  }
  return { sums: Float64Array.from(sums), sizes: Float64Array.from(sizes) };
}

/**
 * Lists the rows group by group: the groups in random order, the rows of each group in file order. A comparison that may stop
 * early must score its rows in such an order, because the groups scored at any moment are then a random sample of all groups.
 */
export function groupOrder(groups: Uint32Array, seed: number): Uint32Array {
  const rowsOf = new Map<number, number[]>();
  for (const [row, group] of groups.entries()) {
    const rows = rowsOf.get(group);
    if (rows === undefined) rowsOf.set(group, [row]);
    else rows.push(row);
  }
  const members = [...rowsOf.values()];
  return Uint32Array.from([...shuffledIndexes(members.length, seed)].flatMap((index) => members[index] ?? []));
}
