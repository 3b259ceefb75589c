import type { CommandFiles } from "../files/refuse-overwrite.ts";
import { filesInRunFolder, filesOfRun, type JobFileOptions } from "../job/job-files.ts";
import type { Variant } from "./open-variants.ts";

/** Lists the files of a comparison: its own in `folder`, and those of the run of each variant. */
export function filesOfComparison(
  folder: string,
  variants: readonly [Variant, ...Variant[]],
  options: JobFileOptions,
): CommandFiles {
  const own = ["comparison.json", "comparison.html", "comparison.md", "server.log"];
  const parts = [
    filesInRunFolder({ ...variants[0].config, runFolder: folder }, own, options),
    ...variants.map(({ config }) => filesOfRun(config, options, ["rescored.jsonl"])),
  ];
  return { reads: parts.flatMap(({ reads }) => reads), writes: parts.flatMap(({ writes }) => writes) };
}
