import type { ClassMatrix } from "../../class-matrix.ts";
import { rowAt } from "../../class-matrix.ts";
import type { EscalationCalibration } from "../../escalate/file.ts";
import { modelName } from "../../judge/model-name.ts";
import type { LoadedRun } from "../../runfolder/load-run-folder.ts";
import type { JudgesData } from "../data/run-data.ts";

/** Collects what two judges of a run have answered; null for a run with one. `fitted` is the file of their combination, if any. */
export function judgesDataOf(
  first: LoadedRun,
  second: LoadedRun | null,
  fitted: EscalationCalibration | null,
): JudgesData | null {
  const names = first.config.escalation?.names;
  if (names === undefined || second === null) return null;
  const gain = (move: "10>20" | "10>11" | "10>12") => {
    const fall = fitted?.outOfFold.falls[move] ?? null;
    return fall === null ? null : { value: fall.mean, low: fall.low, high: fall.high };
  };
  const line = (run: LoadedRun, name: string, order: "ab" | "ba", brought: ReturnType<typeof gain>) => ({
    name: order === "ab" ? name : `${name}, swapped`,
    model: modelName(run.config.engine),
    answers: answeredIn(run.rows.readings[order]),
    gain: brought,
  });
  return {
    lines: [
      line(first, names[0], "ab", null),
      line(first, names[0], "ba", gain("10>20")),
      line(second, names[1], "ab", gain("10>11")),
      line(second, names[1], "ba", gain("10>12")),
    ],
    rows: first.rows.ids.length,
    isFitted: fitted !== null,
  };
}

function answeredIn(readings: ClassMatrix): number {
  let answered = 0;
  for (let row = 0; row * readings.classes.length < readings.values.length; row += 1) {
    if (!Number.isNaN(rowAt(readings, row)[0])) answered += 1;
  }
  return answered;
}
