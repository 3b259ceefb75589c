import { matrixOf, rowAt } from "../class-matrix.ts";
import { CLASSES } from "../types.ts";
import type { Dataset } from "./open-dataset.ts";

/** The parts of a dataset that appending needs. */
export type AppendedPart = Pick<
  Dataset,
  "path" | "sha256" | "bytes" | "ids" | "rowBytes" | "truth" | "groups" | "groupKeys" | "inclusion" | "read"
>;

/** Rows of several files as one list. */
export interface AppendedRows
  extends Pick<Dataset, "ids" | "rowBytes" | "truth" | "groups" | "groupKeys" | "inclusion" | "read"> {
  /** For each row, the file it is from: 0 for the first. */
  readonly files: Uint32Array;
  /** Number of rows of each file that were left out, because an earlier file has their prompt. */
  readonly leftOut: readonly number[];
}

/**
 * Appends the rows of further files to those of the first, without the rows whose prompt an earlier file has. Rows of one file with
 * the same prompt all stay. An id that an earlier file has gets the number of its file: "17" becomes "17@2" in the second file. Rows
 * without labels (a file without label columns) have the truth null only if no file has labels; else the caller must refuse the file.
 */
export function appendDatasets(parts: readonly AppendedPart[]): AppendedRows {
  const groupOf = new Map<string, number>();
  const known = new Set<string>();
  const kept: { readonly file: number; readonly row: number; readonly id: string; readonly group: number }[] = [];
  const leftOut: number[] = [];
  for (const [file, { ids, groups, groupKeys }] of parts.entries()) {
    const earlier = new Set(groupOf.keys());
    leftOut.push(0);
    for (const [row, group] of groups.entries()) {
      const key = groupKeys[group] ?? "";
      if (earlier.has(key)) {
        leftOut[file] = (leftOut[file] ?? 0) + 1;
        continue;
      }
      const number = groupOf.get(key) ?? groupOf.size;
      groupOf.set(key, number);
      const own = ids[row] ?? "";
      const id = known.has(own) ? `${own}@${file + 1}` : own;
      known.add(id);
      kept.push({ file, row, id, group: number });
    }
  }
  const partOf = (index: number): { readonly part: AppendedPart; readonly row: number; readonly id: string } => {
    const found = kept[index];
    const part = found === undefined ? undefined : parts[found.file];
    if (found === undefined || part === undefined) throw new RangeError(`row ${index} of ${kept.length}`);
    return { part, row: found.row, id: found.id };
  };
  const indexes = [...kept.keys()];
  const labelled = parts.some(({ truth }) => truth !== null);
  const sampled = parts.some(({ inclusion }) => inclusion !== null);
  return {
    ids: kept.map(({ id }) => id),
    rowBytes: Uint32Array.from(indexes, (index) => {
      const { part, row } = partOf(index);
      return part.rowBytes[row] ?? 0;
    }),
    truth: labelled
      ? matrixOf(
          CLASSES,
          indexes.map((index) => {
            const { part, row } = partOf(index);
            if (part.truth === null) throw new Error(`${part.path} has no labels, and another file has them`);
            return rowAt(part.truth, row);
          }),
        )
      : null,
    groups: Uint32Array.from(kept, ({ group }) => group),
    groupKeys: [...groupOf.keys()],
    inclusion: sampled
      ? Float64Array.from(indexes, (index) => {
          const { part, row } = partOf(index);
          return part.inclusion?.[row] ?? 1;
        })
      : null,
    files: Uint32Array.from(kept, ({ file }) => file),
    leftOut,
    read: async (index) => {
      const { part, row, id } = partOf(index);
      return { ...(await part.read(row)), index, id };
    },
  };
}
