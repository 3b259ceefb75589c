import { type Anomalies, createAnomalyCounter } from "./anomalies.ts";
import { fingerprint } from "./cell.ts";
import { type CollectedLabels, createLabelCollector } from "./collect-labels.ts";
import type { Layout } from "./layout.ts";
import { readRecord } from "./read-row.ts";
import type { Problems, Unit } from "./sources/problems.ts";
import type { SourceRecord } from "./sources/source.ts";

/**
 * The data of each row that stays in memory: its position in the file, and what the program needs of all rows at the
 * same time. It contains no text.
 */
export interface RowIndex extends CollectedLabels {
  readonly ids: readonly string[];
  /** Line in the file, counted from 1. */
  readonly lines: Uint32Array;
  /** Offset of each row in bytes, as a double, because a file may be larger than 4 GB. */
  readonly starts: Float64Array;
  readonly rowBytes: Uint32Array;
  readonly groups: Uint32Array;
  readonly anomalies: Anomalies;
}

/** Starts an index for rows with one layout. A row with an invalid id or invalid labels is reported to `problems`. */
export function createRowIndex(
  layout: Layout,
  { problems, unit, names }: { problems: Problems; unit: Unit; names: readonly string[] },
): { add: (row: SourceRecord) => void; finish: () => RowIndex } {
  const ids: string[] = [];
  const lines: number[] = [];
  const starts: number[] = [];
  const rowBytes: number[] = [];
  const groups: number[] = [];
  const anomalies = createAnomalyCounter();
  const labels = createLabelCollector(layout, names, problems);
  const lineOfId = new Map<string, number>();
  const groupOfPrompt = new Map<string, number>();

  return {
    add: ({ cells, line, start, bytes }) => {
      const { id, turns, swapped } = readRecord(layout, cells, ids.length);
      checkId(id, { line, unit, lineOfId, problems });
      labels.add(cells, line, swapped);
      anomalies.add({ line, id, turns });
      const key = fingerprint(turns.prompts);
      const group = groupOfPrompt.get(key) ?? groupOfPrompt.size;
      groupOfPrompt.set(key, group);
      groups.push(group);
      ids.push(id);
      lines.push(line);
      starts.push(start);
      rowBytes.push(bytes);
    },
    finish: () => {
      const { truth, tags, notes } = labels.finish();
      return {
        ids,
        lines: Uint32Array.from(lines),
        starts: Float64Array.from(starts),
        rowBytes: Uint32Array.from(rowBytes),
        truth,
        tags,
        groups: Uint32Array.from(groups),
        anomalies: anomalies.list(),
        notes: [...layout.notes, ...notes],
      };
    },
  };
}

interface IdCheck {
  readonly line: number;
  readonly unit: Unit;
  readonly lineOfId: Map<string, number>;
  readonly problems: Problems;
}

function checkId(id: string, { line, unit, lineOfId, problems }: IdCheck): void {
  if (id.trim() === "") {
    problems.add("Give each row an id.", { line, text: "the id is empty" });
    return;
  }
  const earlier = lineOfId.get(id);
  if (earlier === undefined) lineOfId.set(id, line);
  else
    problems.add(REPEATED_REMEDY, {
      line,
      text: `the id ${JSON.stringify(id)} was already used on ${unit} ${earlier}`,
    });
}

const REPEATED_REMEDY = "The submission is joined by id, so each row needs its own: remove or rename the later ones.";
