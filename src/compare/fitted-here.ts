import { readFile } from "node:fs/promises";
import { parseCalibration } from "../calibrate/file.ts";
import type { VariantRun } from "./variant-run.ts";

/** Lists the variants that apply a calibration fitted to a file with this hash: they have seen the answers. */
export async function fittedToThisFile(
  contestants: readonly Pick<VariantRun, "name" | "config">[],
  sha256: string,
): Promise<readonly string[]> {
  const names: string[] = [];
  for (const { name, config } of contestants) {
    if (config.calibration === null) continue;
    const { trainedOn } = parseCalibration(await readFile(config.calibration, "utf8"), config.calibration);
    if (trainedOn.sha256 === sha256) names.push(name);
  }
  return names;
}
