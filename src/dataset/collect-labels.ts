import { type ClassMatrix, matrixOf } from "../class-matrix.ts";
import { CLASSES, type PerClass } from "../types.ts";
import { cellText } from "./cell.ts";
import { createHintCollector, describeHint, type LabelHint } from "./label-hints.ts";
import { labelCells, readTruth } from "./labels.ts";
import type { Layout } from "./layout.ts";
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
  /** The columns that look like labels, where none are used. */
  readonly hints: readonly LabelHint[];
}

/**
 * Collects the labels of rows in their order. A row with an invalid label is reported to `problems`; if the column was
 * only guessed by its name, no label is used instead, and a note states it.
 */
export function createLabelCollector(
  layout: Layout,
  names: readonly string[],
  problems: Problems,
): { add: (cells: readonly DataCell[], line: number, swapped: boolean) => void; finish: () => CollectedLabels } {
  const { labels, guessed, inclusion, labelNotes } = layout;
  const weights: PerClass[] = [];
  const hints = labels.from === "nothing" || guessed ? createHintCollector(names, usedBy(layout)) : null;
  const tags: (string | null)[] = [];
  let unknown: string | null = null;
  let unlabelled: { readonly line: number; readonly text: string }[] = [];
  /** A sample is labelled by a person: it may have no label yet, but not labels in some rows alone. */
  const refuseUnlabelled = (): void => {
    for (const row of unlabelled) problems.add(UNLABELLED_REMEDY, row);
    unlabelled = [];
  };
  return {
    add: (cells, line, swapped) => {
      hints?.add(cells);
      if (unknown !== null) return;
      const truth = readTruth(labels, cells, swapped);
      if (truth === null) return;
      if (
        inclusion !== null &&
        !truth.ok &&
        labelCells(layout).every((index) => cellText(cells[index]).trim() === "")
      ) {
        unlabelled.push({ line, text: "the row has no label" });
        if (weights.length > 0) refuseUnlabelled();
        return;
      }
      if (inclusion !== null) refuseUnlabelled();
      if (truth.ok) {
        weights.push(truth.weights);
        tags.push(truth.tag);
      } else if (guessed && inclusion === null) {
        unknown = truth.wrong;
      } else {
        problems.add(truth.remedy, { line, text: truth.wrong });
      }
    },
    finish: () => {
      if (labels.from === "nothing" || unknown !== null) {
        const found = hints?.finish() ?? [];
        const assumed = unknown === null ? labelNotes : [];
        return { truth: null, tags: null, notes: [...assumed, ...found.map(describeHint)], hints: found };
      }
      if (unlabelled.length > 0) return { truth: null, tags: null, notes: labelNotes, hints: [] };
      const tagged = tags.some((tag) => tag !== null);
      return { truth: matrixOf(CLASSES, weights), tags: tagged ? tags : null, notes: labelNotes, hints: [] };
    },
  };
}

const UNLABELLED_REMEDY = "Label every row of the sample, or delete the rows that nobody has labelled.";

/** The columns that cannot be labels, and the names of the answers. */
function usedBy({ id, prompt, responseA, responseB, inclusion, answers }: Layout) {
  const used = [id, ...prompt, responseA, responseB, inclusion].filter((index) => index !== null);
  return { used, answers };
}
