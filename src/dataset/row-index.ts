import { type Anomalies, createAnomalyCounter } from "./anomalies.ts";
import { cellText, fingerprint, readDecimal } from "./cell.ts";
import { type CollectedLabels, createLabelCollector } from "./collect-labels.ts";
import { INCLUSION_COLUMN } from "./columns.ts";
import { createIdHint } from "./id-hints.ts";
import { type Layout, textCells } from "./layout.ts";
import { readRecord } from "./read-row.ts";
import type { Problems, Unit } from "./sources/problems.ts";
import type { DataCell, SourceRecord } from "./sources/source.ts";

/**
 * The data of each row that stays in memory: its position in the file, and what the program needs of all rows at the
 * same time. It contains no text.
 */
export interface RowIndex extends CollectedLabels {
  readonly ids: readonly string[];
  /** Number of each row in the file, counted from 0. */
  readonly positions: Uint32Array;
  /** Line in the file, counted from 1. */
  readonly lines: Uint32Array;
  /** Offset of each row in bytes, as a double, because a file may be larger than 4 GB. */
  readonly starts: Float64Array;
  readonly rowBytes: Uint32Array;
  /** The side of the better answer, where rows are dealt; null elsewhere. */
  readonly chosen: readonly ("a" | "b")[] | null;
  readonly groups: Uint32Array;
  /** The fingerprint of the prompt of each group. */
  readonly groupKeys: readonly string[];
  /** Inclusion probability of each row; null when the file is no sample. */
  readonly inclusion: Float64Array | null;
  /** The sentences about the label columns, which `notes` has too. */
  readonly labelNotes: readonly string[];
  readonly anomalies: Anomalies;
}

export interface RowIndexOptions {
  readonly problems: Problems;
  readonly unit: Unit;
  /** The names of the cells. */
  readonly names: readonly string[];
  /** Decides by its id whether a row belongs to the index. */
  readonly select: (id: string) => boolean;
}

/**
 * Starts an index for rows with one layout. A row of the index with an invalid id or invalid labels is reported to
 * `problems`.
 */
export function createRowIndex(
  layout: Layout,
  { problems, unit, names, select }: RowIndexOptions,
): { add: (row: SourceRecord) => void; finish: () => RowIndex } {
  let count = 0;
  const ids: string[] = [];
  const positions: number[] = [];
  const lines: number[] = [];
  const starts: number[] = [];
  const rowBytes: number[] = [];
  const groups: number[] = [];
  const inclusion: number[] = [];
  const chosen: ("a" | "b")[] = [];
  const anomalies = createAnomalyCounter();
  const labels = createLabelCollector(layout, names, problems);
  const idHint = layout.id === null && layout.lastTurn === null ? createIdHint(names, textCells(layout)) : null;
  const checkId = createIdCheck(unit, problems);
  const groupOfPrompt = new Map<string, number>();

  return {
    add: ({ cells, line, start, bytes }) => {
      const position = count;
      count += 1;
      const { id, turns, swapped } = readRecord(layout, cells, position);
      if (!select(id)) return;
      idHint?.add(cells);
      checkId(id, line);
      labels.add(cells, line, swapped);
      if (layout.inclusion !== null) inclusion.push(readInclusion(cells[layout.inclusion], line, problems));
      if (layout.hasAnswers) anomalies.add({ line, id, turns });
      // Without a prompt, each row counts as one of its own.
      const key = turns.prompts.length === 0 && !layout.hasAnswers ? `row ${position}` : fingerprint(turns.prompts);
      const group = groupOfPrompt.get(key) ?? groupOfPrompt.size;
      groupOfPrompt.set(key, group);
      groups.push(group);
      ids.push(id);
      positions.push(position);
      lines.push(line);
      starts.push(start);
      rowBytes.push(bytes);
      if (layout.dealt) chosen.push(swapped ? "b" : "a");
    },
    finish: () => {
      const { truth, tags, plan, notes } = labels.finish();
      return {
        ids,
        positions: Uint32Array.from(positions),
        lines: Uint32Array.from(lines),
        starts: Float64Array.from(starts),
        rowBytes: Uint32Array.from(rowBytes),
        truth,
        tags,
        plan,
        labelNotes: notes,
        chosen: layout.dealt ? chosen : null,
        groups: Uint32Array.from(groups),
        groupKeys: [...groupOfPrompt.keys()],
        inclusion: layout.inclusion === null ? null : Float64Array.from(inclusion),
        anomalies: anomalies.list(),
        notes: [...(idHint === null ? [] : [idHint.finish()]), ...layout.notes, ...notes],
      };
    },
  };
}

/** Creates the check of the ids of one file: reports those that are empty or were there before. */
export function createIdCheck(unit: Unit, problems: Problems): (id: string, line: number) => void {
  const lineOfId = new Map<string, number>();
  return (id, line) => {
    const earlier = lineOfId.get(id);
    if (id.trim() === "") {
      problems.add("Give each row an id.", { line, text: "the id is empty" });
    } else if (earlier === undefined) {
      lineOfId.set(id, line);
    } else {
      const text = `the id ${JSON.stringify(id)} was already used on ${unit} ${earlier}`;
      problems.add(REPEATED_REMEDY, { line, text });
    }
  };
}

function readInclusion(cell: DataCell, line: number, problems: Problems): number {
  const value = readDecimal(cell);
  if (value > 0 && value <= 1) return value;
  const text = `the inclusion probability is ${JSON.stringify(cellText(cell))}`;
  problems.add(`${INCLUSION_COLUMN} is above 0 and at most 1, as \`abtie sample\` wrote it.`, { line, text });
  return 1;
}

const REPEATED_REMEDY =
  "Rows are joined by id, so each needs its own: remove or rename the later ones, or name another column with ids.";
