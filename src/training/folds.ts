import { type ClassMatrix, rowAt } from "../class-matrix.ts";
import { shuffledIndexes } from "../numbers/random.ts";

/**
 * How rows are divided into folds. prompt: rows with the same prompt stay together, and each class is spread as evenly as a greedy
 * assignment permits. position: row r belongs to fold r modulo the count, as published trainings do, so that one prompt can be in
 * several folds. none: there is one fold, and no row is held out.
 */
export type FoldsBy = "prompt" | "position" | "none";

/** The division into folds. */
export interface FoldSettings {
  readonly by: FoldsBy;
  /** Number of folds; 1 for "none". */
  readonly count: number;
}

/** What the folds depend on: for each row its prompt's group and the shares of its classes, and the seed. */
export interface FoldInput {
  readonly groups: Uint32Array;
  readonly truth: ClassMatrix;
  readonly seed: number;
}

/** Gives each row its fold, from 0 to count - 1. The same input always gives the same folds. */
export function assignFolds({ by, count }: FoldSettings, input: FoldInput): Uint32Array {
  switch (by) {
    case "none":
      return new Uint32Array(input.groups.length);
    case "position":
      return input.groups.map((_, row) => row % count);
    case "prompt":
      return balancedFolds(count, input);
    default:
      return by satisfies never;
  }
}

/** Counts the prompts whose rows are in more than one fold. */
export function countSplitGroups(folds: Uint32Array, groups: Uint32Array): number {
  const first = new Map<number, number>();
  const split = new Set<number>();
  for (const [row, group] of groups.entries()) {
    const fold = folds[row] ?? 0;
    const earlier = first.get(group);
    if (earlier === undefined) first.set(group, fold);
    else if (earlier !== fold) split.add(group);
  }
  return split.size;
}

interface Group {
  readonly rows: readonly number[];
  /** Sum of the shares of each class over the rows. */
  readonly sums: readonly number[];
}

/**
 * Takes the groups one after the other, the largest first and equally large ones in random order, and puts each into the fold in
 * which the sum of squared shares of the classes grows least. A class counts by its share of all its rows, so that a rare class is
 * spread as evenly as a frequent one. Of equal folds, the one with the fewest rows is taken, then the first.
 */
function balancedFolds(count: number, { groups, truth, seed }: FoldInput): Uint32Array {
  const members = groupsOf(groups, truth);
  const shuffled = [...shuffledIndexes(members.length, seed)].flatMap((index) => members.slice(index, index + 1));
  const ordered = shuffled.toSorted((one, other) => other.rows.length - one.rows.length);
  const totals = truth.classes.map((_, k) => members.reduce((sum, { sums }) => sum + (sums[k] ?? 0), 0));
  const filled = Array.from({ length: count }, () => ({ rows: 0, sums: totals.map(() => 0) }));
  const folds = new Uint32Array(groups.length);
  for (const group of ordered) {
    const growth = filled.map(({ sums }) =>
      totals.reduce((sum, total, k) => {
        const added = group.sums[k] ?? 0;
        return total === 0 ? sum : sum + (added * (2 * (sums[k] ?? 0) + added)) / (total * total);
      }, 0),
    );
    const least = Math.min(...growth);
    // Sums of shares in another order differ in their last digits.
    const equal = filled.map((_, fold) => fold).filter((fold) => (growth[fold] ?? 0) <= least + ROUNDING);
    const best = equal.reduce((one, other) => (rowsIn(filled[other]) < rowsIn(filled[one]) ? other : one));
    const fold = filled[best];
    if (fold === undefined) throw new Error("there is at least one fold");
    fold.rows += group.rows.length;
    fold.sums = fold.sums.map((sum, k) => sum + (group.sums[k] ?? 0));
    for (const row of group.rows) folds[row] = best;
  }
  return folds;
}

const ROUNDING = 1e-12;

function rowsIn(fold: { readonly rows: number } | undefined): number {
  return fold?.rows ?? 0;
}

function groupsOf(groups: Uint32Array, truth: ClassMatrix): readonly Group[] {
  const found = new Map<number, { rows: number[]; sums: number[] }>();
  for (const [row, number] of groups.entries()) {
    const group = found.get(number) ?? { rows: [], sums: truth.classes.map(() => 0) };
    group.rows.push(row);
    for (const [k, share] of rowAt(truth, row).entries()) group.sums[k] = (group.sums[k] ?? 0) + share;
    found.set(number, group);
  }
  return [...found.values()];
}
