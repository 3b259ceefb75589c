import { type ClassMatrix, matrixOf } from "../class-matrix.ts";
import { CLASSES, type PerClass } from "../types.ts";
import { readTruth } from "./labels.ts";
import { type Layout, unusedLabels } from "./layout.ts";
import type { Problems } from "./sources/problems.ts";
import type { DataCell } from "./sources/source.ts";

/** The labels of all rows. */
export interface CollectedLabels {
  /** Weights of a, b and tie, which sum to 1 in each row; null when the file has no labels. */
  readonly truth: ClassMatrix | null;
  /** The tag of each row; null when no row has one. */
  readonly tags: readonly (string | null)[] | null;
  /** Sentences for a person about the label columns. */
  readonly notes: readonly string[];
}

/**
 * Collects the labels of rows in their order. A row with an invalid label is reported to `problems`; if the column was
 * only guessed by its name, no label is used instead, and a note states it.
 */
export function createLabelCollector(
  { labels, guessed, labelNotes }: Pick<Layout, "labels" | "guessed" | "labelNotes">,
  names: readonly string[],
  problems: Problems,
): { add: (cells: readonly DataCell[], line: number, swapped: boolean) => void; finish: () => CollectedLabels } {
  const weights: PerClass[] = [];
  const tags: (string | null)[] = [];
  let unknown: string | null = null;
  return {
    add: (cells, line, swapped) => {
      if (unknown !== null) return;
      const truth = readTruth(labels, cells, swapped);
      if (truth === null) return;
      if (truth.ok) {
        weights.push(truth.weights);
        tags.push(truth.tag);
      } else if (guessed) {
        unknown = truth.wrong;
      } else {
        problems.add(truth.remedy, { line, text: truth.wrong });
      }
    },
    finish: () => {
      if (labels.from === "nothing") return { truth: null, tags: null, notes: labelNotes };
      if (unknown !== null) {
        const column = labels.from === "words" ? (names[labels.index] ?? "") : "";
        return { truth: null, tags: null, notes: [`${unusedLabels(column)} (${unknown})`] };
      }
      const tagged = tags.some((tag) => tag !== null);
      return { truth: matrixOf(CLASSES, weights), tags: tagged ? tags : null, notes: labelNotes };
    },
  };
}
