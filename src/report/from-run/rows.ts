import { allEnded } from "../../all-ended.ts";
import { type ClassMatrix, rowAt } from "../../class-matrix.ts";
import type { JoinedRows } from "../../evaluate/labelled.ts";
import { logLosses } from "../../metrics/log-loss.ts";
import type { RunRows } from "../../runfolder/rows-file.ts";
import type { PerClass } from "../../types.ts";
import type { ReportRow, WorstRow } from "../data/run-data.ts";

/** Number of rows for which the report shows the text. */
const SHOWN = 20;

/** Lists the rows of a run in the form that its report shows. A row without a usable label has NaN as its truth. */
export function reportRowsOf(rows: RunRows, written: ClassMatrix, truth: ClassMatrix | null): readonly ReportRow[] {
  return rows.ids.map((id, row) => ({
    id,
    probabilities: rowAt(written, row),
    truth: truth === null ? null : labelAt(truth, row),
    mass: known(rows.mass[row]),
    tokens: rows.tokens[row] === 0 ? null : (rows.tokens[row] ?? null),
    cutTokens: rows.cutTokens[row] ?? 0,
    source: rows.obtained[row] ?? "prior",
    reason: rows.reasons[row] ?? null,
  }));
}

/**
 * Reads the text of the rows that a person should read: those with the largest loss, or without labels those with the
 * least certain answers.
 */
export async function readWorst(
  listed: readonly ReportRow[],
  written: ClassMatrix,
  truth: ClassMatrix | null,
  { dataset, judged, indexes }: Pick<JoinedRows, "dataset" | "judged" | "indexes">,
): Promise<readonly WorstRow[]> {
  const losses = truth === null ? null : logLosses(written, truth);
  const badness = (row: number): number => losses?.[row] ?? -Math.max(...rowAt(written, row));
  const indexOf = new Map([...judged].map((row, index) => [row, indexes[index] as number]));
  const answered = [...indexOf.keys()].filter((row) => {
    return listed[row]?.source !== "prior" && (truth === null || labelAt(truth, row) !== null);
  });
  const worst = answered.sort((one, other) => badness(other) - badness(one)).slice(0, SHOWN);
  return allEnded(
    worst.map(async (row) => ({
      row: await dataset.read(indexOf.get(row) as number),
      scored: listed[row] as ReportRow,
      loss: losses?.[row] ?? null,
    })),
  );
}

function labelAt(truth: ClassMatrix, row: number): PerClass | null {
  const label = rowAt(truth, row);
  return Number.isNaN(label[0]) ? null : label;
}

function known(mass: number | undefined): number | null {
  return mass === undefined || Number.isNaN(mass) ? null : mass;
}
