/** Rows that share a key, and the result measured on them. */
export interface SliceResult<T> {
  readonly key: string;
  readonly rows: number;
  readonly result: T;
}

/**
 * Divides the rows by a key and measures each part, in the order in which the keys first appear. Leaves out rows whose key is
 * null.
 */
export function measureSlices<T>(
  count: number,
  keyOf: (row: number) => string | null,
  measure: (rows: Uint32Array) => T,
): SliceResult<T>[] {
  const members = new Map<string, number[]>();
  for (let row = 0; row < count; row += 1) {
    const key = keyOf(row);
    if (key === null) continue;
    const rows = members.get(key);
    if (rows === undefined) members.set(key, [row]);
    else rows.push(row);
  }
  return [...members].map(([key, rows]) => ({ key, rows: rows.length, result: measure(Uint32Array.from(rows)) }));
}
