import { cellText, readCell, readDecimal, type TextCell } from "./cell.ts";
import { isDealt } from "./labels.ts";
import type { Layout } from "./layout.ts";
import { combineTexts, type RowTurns } from "./row-texts.ts";
import type { DataCell } from "./sources/source.ts";

/** The id and the texts of a record. */
export interface RecordTexts {
  readonly id: string;
  readonly turns: RowTurns;
  /** True when the answers were exchanged, because the chosen answer became B. */
  readonly swapped: boolean;
}

/** Reads the id and the texts of a record. `index` is the position of the record in the file, counted from 0. */
export function readRecord(layout: Layout, cells: readonly DataCell[], index: number): RecordTexts {
  const id = idOf(layout, cells, index);
  if (!layout.hasAnswers) {
    const turns = combineTexts({ prompt: readPrompt(layout, cells), a: NO_ANSWER, b: NO_ANSWER });
    return { id, turns, swapped: false };
  }
  const swapped = layout.dealt && isDealt(id);
  const [a, b] = [readCell(cells[layout.responseA]), readCell(cells[layout.responseB])];
  const turns = combineTexts({ prompt: readPrompt(layout, cells), a: swapped ? b : a, b: swapped ? a : b });
  const last = layout.lastTurn === null ? Number.NaN : readDecimal(cells[layout.lastTurn]);
  return { id, turns: last >= 1 ? upTo(turns, last) : turns, swapped };
}

const NO_ANSWER: TextCell = { form: "text", turns: [] };

/** Reads the id of a record at this position in the file. */
export function idOf({ id }: Pick<Layout, "id">, cells: readonly DataCell[], index: number): string {
  return id === null ? String(index) : cellText(cells[id]);
}

function upTo({ prompts, responsesA, responsesB, forms }: RowTurns, last: number): RowTurns {
  const [first, a, b] = [prompts.slice(0, last), responsesA.slice(0, last), responsesB.slice(0, last)];
  return { prompts: first, responsesA: a, responsesB: b, forms };
}

function readPrompt({ prompt }: Layout, cells: readonly DataCell[]): TextCell | null {
  const [first, ...more] = prompt;
  if (first === undefined) return null;
  if (more.length === 0) return readCell(cells[first]);
  const texts = prompt.map((index) => cellText(cells[index])).filter((text) => text.trim() !== "");
  return { form: "text", turns: [texts.join("\n\n")] };
}
