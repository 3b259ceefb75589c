import { shuffledIndexes } from "../numbers/random.ts";

/**
 * Lists the rows group by group, the groups in random order and the rows of each in file order. A comparison that may
 * stop early must be scored in such an order: the groups seen at any moment are then a fair sample of all.
 */
export function groupOrder(groups: Uint32Array, seed: number): Uint32Array {
  const rowsOf = new Map<number, number[]>();
  for (const [row, group] of groups.entries()) {
    const rows = rowsOf.get(group);
    if (rows === undefined) rowsOf.set(group, [row]);
    else rows.push(row);
  }
  const members = [...rowsOf.values()];
  return Uint32Array.from([...shuffledIndexes(members.length, seed)].flatMap((place) => members[place] ?? []));
}
