import { type Anomalies, createAnomalyCounter } from "./anomalies.ts";
import { readCell } from "./cell.ts";
import { fingerprint } from "./fingerprint.ts";
import type { Layout } from "./layout.ts";
import type { Problems } from "./problems.ts";
import type { CsvRecord } from "./sources/csv-records.ts";
import { readVotes, readWeights, type Truth, VOTES_REMEDY, WEIGHTS_REMEDY } from "./truth.ts";

/** What is kept of each row: where it stands, and what is needed about all rows at once. No text. */
export interface RowIndex {
  readonly ids: readonly string[];
  /** Line in the file, counted from 1. */
  readonly lines: Uint32Array;
  /** Offset in bytes; a double, since files may exceed 4 GB. */
  readonly starts: Float64Array;
  readonly rowBytes: Uint32Array;
  readonly truth: Float64Array | null;
  readonly groups: Uint32Array;
  readonly quirks: Anomalies;
}

/** Starts an index for rows of one layout. What is wrong with a row goes to `problems`, and the row is left out. */
export function createRowIndex(
  layout: Layout,
  problems: Problems,
): { add: (row: CsvRecord) => void; finish: () => RowIndex } {
  const ids: string[] = [];
  const lines: number[] = [];
  const starts: number[] = [];
  const rowBytes: number[] = [];
  const weights: number[] = [];
  const groups: number[] = [];
  const quirks = createAnomalyCounter();
  const lineOfId = new Map<string, number>();
  const groupOfPrompt = new Map<string, number>();

  return {
    add: ({ fields, line, start, end }) => {
      const id = fields[layout.id] ?? "";
      checkId(id, line, lineOfId, problems);
      weights.push(...readTruth(fields, layout, line, problems));
      const prompt = readCell(fields[layout.prompt] ?? "");
      const responseA = readCell(fields[layout.responseA] ?? "");
      const responseB = readCell(fields[layout.responseB] ?? "");
      quirks.add({ line, id, prompt, responseA, responseB });
      const key = fingerprint(prompt.turns);
      const group = groupOfPrompt.get(key) ?? groupOfPrompt.size;
      groupOfPrompt.set(key, group);
      groups.push(group);
      ids.push(id);
      lines.push(line);
      starts.push(start);
      rowBytes.push(end - start);
    },
    finish: () => ({
      ids,
      lines: Uint32Array.from(lines),
      starts: Float64Array.from(starts),
      rowBytes: Uint32Array.from(rowBytes),
      truth: layout.truth.from === "nothing" ? null : Float64Array.from(weights),
      groups: Uint32Array.from(groups),
      quirks: quirks.list(),
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

function readTruth(fields: readonly string[], layout: Layout, line: number, problems: Problems): readonly number[] {
  const at = layout.truth;
  switch (at.from) {
    case "nothing":
      return [];
    case "labels": {
      const [a, b, tie] = at.at;
      return accept(readWeights([fields[a] ?? "", fields[b] ?? "", fields[tie] ?? ""]), WEIGHTS_REMEDY);
    }
    case "votes":
      return accept(readVotes(fields[at.at] ?? ""), VOTES_REMEDY);
    default:
      return at satisfies never;
  }

  function accept(truth: Truth, remedy: string): readonly number[] {
    if (truth.ok) return truth.weights;
    problems.add(remedy, { line, text: truth.wrong });
    return [];
  }
}
