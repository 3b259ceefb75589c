import type { JoinedRows } from "../../evaluate/labelled.ts";
import { logLosses } from "../../metrics/log-loss.ts";
import { tripleAt } from "../../metrics/triples.ts";
import type { RunRows } from "../../runfolder/rows-file.ts";
import type { ReportRow, WorstRow } from "../data/run-data.ts";

/** Number of rows for which the report shows the text. */
const SHOWN = 20;

/** Lists the rows of a run in the form that its report shows. */
export function reportRowsOf(rows: RunRows, written: Float64Array, truth: Float64Array | null): readonly ReportRow[] {
  return rows.ids.map((id, row) => ({
    id,
    probabilities: tripleAt(written, row),
    truth: truth === null ? null : tripleAt(truth, row),
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
  written: Float64Array,
  { dataset, indexes, truth }: Pick<JoinedRows, "dataset" | "indexes" | "truth">,
): Promise<readonly WorstRow[]> {
  const losses = truth === null ? null : logLosses(written, truth);
  const badness = (row: number): number => losses?.[row] ?? -Math.max(...tripleAt(written, row));
  const answered = [...listed.keys()].filter((row) => listed[row]?.source !== "prior");
  const worst = answered.sort((one, other) => badness(other) - badness(one)).slice(0, SHOWN);
  return Promise.all(
    worst.map(async (row) => ({
      row: await dataset.read(indexes[row] as number),
      scored: listed[row] as ReportRow,
      loss: losses?.[row] ?? null,
    })),
  );
}

function known(mass: number | undefined): number | null {
  return mass === undefined || Number.isNaN(mass) ? null : mass;
}
