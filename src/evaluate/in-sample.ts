import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import { parseCalibration } from "../calibrate/file.ts";
import { AbtieError } from "../errors.ts";
import type { LoadedRun } from "../runfolder/load-run.ts";

/**
 * Warns of a run whose calibration was fitted to the very labels that it is evaluated with: its numbers are better than
 * on other rows. Null when it was not, or when the calibration cannot be read any more.
 */
export async function inSampleWarning(
  { config }: Pick<LoadedRun, "config">,
  labelsSha256: string,
): Promise<string | null> {
  const file = config.calibration;
  const text = file === null ? null : await readFile(file, "utf8").catch(() => null);
  if (file === null || text === null) return null;
  try {
    const { trainedOn, outOfFold } = parseCalibration(text, file);
    if (trainedOn.sha256 !== labelsSha256) return null;
    return (
      `${basename(file)} was fitted to these very labels, so the probabilities as written look better than they are: ` +
      `out of fold their log loss was ${outOfFold.calibrated.toFixed(3)}`
    );
  } catch (error) {
    if (error instanceof AbtieError) return null;
    throw error;
  }
}
