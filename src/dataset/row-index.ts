import { type Anomalies, createAnomalyCounter } from "./anomalies.ts";
import { fingerprint, readCell } from "./cell.ts";
import type { Layout } from "./layout.ts";
import type { Problems } from "./sources/problems.ts";
import type { SourceRecord } from "./sources/source.ts";
import { readVotes, readWeights, type Truth, VOTES_REMEDY, WEIGHTS_REMEDY } from "./truth.ts";

/**
 * The data of each row that stays in memory: its position in the file, and what the program needs of all rows at the
 * same time. It contains no text.
 */
export interface RowIndex {
  readonly ids: readonly string[];
  /** Line in the file, counted from 1. */
  readonly lines: Uint32Array;
  /** Offset of each row in bytes, as a double, because a file may be larger than 4 GB. */
  readonly starts: Float64Array;
  readonly rowBytes: Uint32Array;
  readonly truth: Float64Array | null;
  readonly groups: Uint32Array;
  readonly anomalies: Anomalies;
}

/** Starts an index for rows with one layout. A row with an invalid id or invalid labels is reported to `problems`. */
export function createRowIndex(
  layout: Layout,
  problems: Problems,
): { add: (row: SourceRecord) => void; finish: () => RowIndex } {
  const ids: string[] = [];
  const lines: number[] = [];
  const starts: number[] = [];
  const rowBytes: number[] = [];
  const weights: number[] = [];
  const groups: number[] = [];
  const anomalies = createAnomalyCounter();
  const lineOfId = new Map<string, number>();
  const groupOfPrompt = new Map<string, number>();

  return {
    add: ({ cells, line, start, bytes }) => {
      const id = cells[layout.id] ?? "";
      checkId(id, line, lineOfId, problems);
      weights.push(...readTruth(cells, layout, line, problems));
      const prompt = readCell(cells[layout.prompt] ?? "");
      const responseA = readCell(cells[layout.responseA] ?? "");
      const responseB = readCell(cells[layout.responseB] ?? "");
      anomalies.add({ line, id, prompt, responseA, responseB });
      const key = fingerprint(prompt.turns);
      const group = groupOfPrompt.get(key) ?? groupOfPrompt.size;
      groupOfPrompt.set(key, group);
      groups.push(group);
      ids.push(id);
      lines.push(line);
      starts.push(start);
      rowBytes.push(bytes);
    },
    finish: () => ({
      ids,
      lines: Uint32Array.from(lines),
      starts: Float64Array.from(starts),
      rowBytes: Uint32Array.from(rowBytes),
      truth: layout.truth.from === "nothing" ? null : Float64Array.from(weights),
      groups: Uint32Array.from(groups),
      anomalies: anomalies.list(),
    }),
  };
}

function checkId(id: string, line: number, lineOfId: Map<string, number>, problems: Problems): void {
  if (id.trim() === "") {
    problems.add("Give each row an id.", { line, text: "the id is empty" });
    return;
  }
  const earlier = lineOfId.get(id);
  if (earlier === undefined) lineOfId.set(id, line);
  else
    problems.add(REPEATED_REMEDY, { line, text: `the id ${JSON.stringify(id)} was already used on line ${earlier}` });
}

const REPEATED_REMEDY = "The submission is joined by id, so each row needs its own: remove or rename the later ones.";

function readTruth(cells: readonly string[], layout: Layout, line: number, problems: Problems): readonly number[] {
  const { truth } = layout;
  switch (truth.from) {
    case "nothing":
      return [];
    case "labels": {
      const [a, b, tie] = truth.indices;
      return accept(readWeights([cells[a] ?? "", cells[b] ?? "", cells[tie] ?? ""]), WEIGHTS_REMEDY);
    }
    case "votes":
      return accept(readVotes(cells[truth.index] ?? ""), VOTES_REMEDY);
    default:
      return truth satisfies never;
  }

  function accept(found: Truth, remedy: string): readonly number[] {
    if (found.ok) return found.weights;
    problems.add(remedy, { line, text: found.wrong });
    return [];
  }
}
