import type { ClassMatrix } from "../../class-matrix.ts";
import { rowAt } from "../../class-matrix.ts";
import type { EscalationCalibration } from "../../escalate/file.ts";
import { modelName } from "../../judge/model-name.ts";
import type { LoadedRun } from "../../runfolder/load-run-folder.ts";
import type { JudgesData } from "../data/run-data.ts";

/**
 * Collects what two judges of a run have answered; null for a run with one. `model` is that of the second, and
 * `fitted` the file of their combination; null where they are not known.
 */
export function judgesDataOf(
  { config: { escalation, engine }, rows }: LoadedRun,
  { model, fitted }: { readonly model: string | null; readonly fitted: EscalationCalibration | null },
): JudgesData | null {
  if (escalation === null) return null;
  const [first, second] = escalation.names;
  const gain = (move: "10>20" | "10>11" | "10>12") => {
    const fall = fitted?.outOfFold.falls[move] ?? null;
    return fall === null ? null : { value: fall.mean, low: fall.low, high: fall.high };
  };
  const models = [modelName(engine), model ?? ""] as const;
  const line = (judge: 0 | 1, order: "ab" | "ba", brought: ReturnType<typeof gain>) => {
    const readings = judge === 0 ? rows.readings : rows.second;
    const name = judge === 0 ? first : second;
    return {
      name: order === "ab" ? name : `${name}, swapped`,
      model: models[judge],
      answers: readings === null ? 0 : answeredIn(readings[order]),
      gain: brought,
    };
  };
  return {
    lines: [
      line(0, "ab", null),
      line(0, "ba", gain("10>20")),
      line(1, "ab", gain("10>11")),
      line(1, "ba", gain("10>12")),
    ],
    rows: rows.ids.length,
    isFitted: escalation.combination !== null,
  };
}

function answeredIn(readings: ClassMatrix): number {
  let answered = 0;
  for (let row = 0; row * readings.classes.length < readings.values.length; row += 1) {
    if (!Number.isNaN(rowAt(readings, row)[0])) answered += 1;
  }
  return answered;
}
