import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import { type Calibration, parseCalibration } from "../calibrate/file.ts";
import type { Config } from "../config/config.ts";
import { AbtieError } from "../errors.ts";
import { exists } from "../files/exists.ts";
import { explainFileError } from "../files/explain.ts";

/**
 * Warns when the calibration of a run was fitted to the same labels that now evaluate the run, because its scores are
 * then better than on other rows. Null when it was not.
 */
export async function inSampleWarning(
  { config }: { readonly config: Pick<Config, "calibration"> },
  labelsSha256: string,
): Promise<string | null> {
  const calibration = await calibrationFittedTo(config, labelsSha256);
  if (config.calibration === null || calibration === null) return null;
  return (
    `${basename(config.calibration)} was fitted to these very labels, so the probabilities as written look better than ` +
    `they are: out of fold their log loss was ${calibration.outOfFold.calibrated.toFixed(3)}`
  );
}

/**
 * Reads the calibration of a config if it was fitted to the data file with this hash. Null when it was fitted to
 * another file, when the config has none, or when its file can no longer be read.
 */
export async function calibrationFittedTo(
  { calibration: file }: Pick<Config, "calibration">,
  sha256: string,
): Promise<Calibration | null> {
  if (file === null || !(await exists(file))) return null;
  const text = await readFile(file, "utf8").catch((error: unknown) => {
    throw explainFileError("read", file, error);
  });
  try {
    const calibration = parseCalibration(text, file);
    return calibration.trainedOn.sha256 === sha256 ? calibration : null;
  } catch (error) {
    if (error instanceof AbtieError) return null;
    throw error;
  }
}
