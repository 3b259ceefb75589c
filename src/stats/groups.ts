/** Sums and row counts of each group, groups in order of first appearance. */
export interface GroupSums {
  readonly sums: Float64Array;
  readonly sizes: Float64Array;
}

/** Adds up values by group. Group numbers need not be dense: a slice of a file keeps the file's numbers. */
export function sumByGroup(values: Float64Array, groups: Uint32Array): GroupSums {
  if (values.length !== groups.length) {
    throw new Error(`sumByGroup: ${values.length} values but ${groups.length} group numbers`);
  }
  const places = new Map<number, number>();
  const sums: number[] = [];
  const sizes: number[] = [];
  for (let row = 0; row < values.length; row += 1) {
    const group = groups[row] as number;
    let place = places.get(group);
    if (place === undefined) {
      place = sums.push(0) - 1;
      sizes.push(0);
      places.set(group, place);
    }
    sums[place] = (sums[place] as number) + (values[row] as number);
    sizes[place] = (sizes[place] as number) + 1;
  }
  return { sums: Float64Array.from(sums), sizes: Float64Array.from(sizes) };
}
