import type { Config } from "../config/config.ts";
import { namedVerdictColumns, type OutputInput } from "../dataset/submission/output-columns.ts";
import { AbtieError } from "../errors.ts";
import type { VerdictOf } from "../judge/aggregate.ts";

/** Throws AbtieError("config") when the output names a column of verdicts for which the calibration has no rules. */
export function refuseVerdictColumns(
  { outputForm, calibration }: Pick<Config, "outputForm" | "calibration">,
  input: Pick<OutputInput, "names">,
  verdictOf: VerdictOf | null,
): void {
  const named = namedVerdictColumns(outputForm, input);
  if (named.length === 0 || verdictOf !== null) return;
  const found = calibration === null ? "the config has no calibration" : `${calibration} has no rules for it`;
  throw new AbtieError(
    "config",
    `output.columns names ${named.join(" and ")}, and ${found}: make one with \`abtie calibrate --coverage 0.9 --max-error 0.1\`, ` +
      "and name it as `calibration`",
  );
}
