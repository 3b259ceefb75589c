import { type ClassMatrix, matrixOf } from "../class-matrix.ts";
import { formatCount, plural } from "../format.ts";
import { CLASSES } from "../types.ts";
import { cellText } from "./cell.ts";
import { createHintCollector, describeHint } from "./label-hints.ts";
import { type LabelPlan, labelCells, readTruth, type ValidTruth } from "./labels.ts";
import { type Layout, textCells } from "./layout.ts";
import type { Problems } from "./sources/problems.ts";
import type { DataCell } from "./sources/source.ts";

/** The labels of all rows. */
export interface CollectedLabels {
  /** Weights of a, b and tie, which sum to 1 in each row; null when the file has no labels. */
  readonly truth: ClassMatrix | null;
  /** The tag of each row; null when no row has one. */
  readonly tags: readonly (string | null)[] | null;
  /** The way in which the labels were read. */
  readonly plan: LabelPlan;
  /** Sentences for a person about the label columns. */
  readonly notes: readonly string[];
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
  const { labels, guessed, anyLabels, inclusion, labelNotes } = layout;
  const truths: ValidTruth[] = [];
  const hints =
    labels.from === "nothing" || guessed
      ? createHintCollector(names, { used: textCells(layout), answers: layout.answers })
      : null;
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
        if (truths.length > 0) refuseUnlabelled();
        return;
      }
      if (inclusion !== null) refuseUnlabelled();
      if (truth.ok) {
        truths.push(truth);
      } else if (guessed && inclusion === null) {
        unknown = truth.wrong;
      } else {
        problems.add(truth.remedy, { line, text: truth.wrong });
      }
    },
    finish: () => {
      if (labels.from === "nothing" || unknown !== null) {
        const { hints: found, certain } = hints?.finish() ?? { hints: [], certain: null };
        if (certain !== null && anyLabels) {
          const { column, plan, truths } = certain;
          return { ...labelled(plan, truths), notes: [foundNote(column), ...tagNotes(truths)] };
        }
        const assumed = unknown === null ? labelNotes : [];
        return { ...UNLABELLED, notes: [...assumed, ...found.map(describeHint)] };
      }
      if (unlabelled.length > 0) return { ...UNLABELLED, notes: labelNotes };
      return { ...labelled(labels, truths), notes: [...labelNotes, ...tagNotes(truths)] };
    },
  };
}

const UNLABELLED = { truth: null, tags: null, plan: { from: "nothing" } } as const;

function labelled(plan: LabelPlan, truths: readonly ValidTruth[]): Pick<CollectedLabels, "truth" | "tags" | "plan"> {
  const tags = truths.map(({ tag }) => tag);
  return {
    truth: matrixOf(
      CLASSES,
      truths.map(({ weights }) => weights),
    ),
    tags: tags.some((tag) => tag !== null) ? tags : null,
    plan,
  };
}

function foundNote(column: string): string {
  return `the labels are the column ${JSON.stringify(column)}, because its values are words for A, B and tie alone`;
}

function tagNotes(truths: readonly ValidTruth[]): readonly string[] {
  const bad = truths.filter(({ tag }) => tag === "both bad").length;
  if (bad === 0) return [];
  const [say, they] = bad === 1 ? ["says", "it counts as a tie"] : ["say", "they count as ties"];
  return [`${formatCount(bad)} of ${plural(truths.length, "label")} ${say} that both answers are bad: ${they}`];
}

const UNLABELLED_REMEDY = "Label every row of the sample, or delete the rows that nobody has labelled.";
