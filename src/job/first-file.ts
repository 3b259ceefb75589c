import type { Config } from "../config/config.ts";
import type { Dataset } from "../dataset/open-dataset.ts";
import { validateSubmission } from "../dataset/submission/validate-submission.ts";
import { writeSubmission } from "../dataset/submission/write-submission.ts";
import { systemCode } from "../errors.ts";
import type { Disk } from "../files/disk.ts";
import { createOwnership } from "../runfolder/ownership.ts";

/**
 * Puts a complete submission in place as soon as the ids of the rows are known, before a template is compiled, a tokenizer is
 * read or a server is started. Where no file is, it writes the fallback for each row. A file that is there is kept, because the
 * run may still be refused. Returns whether a complete submission for these rows is in place. Throws AbtieError("data") when the
 * file cannot be written.
 */
export async function ensureFirstFile(
  config: Pick<Config, "output" | "runFolder" | "columns" | "classes" | "clip" | "prior">,
  { ids }: Pick<Dataset, "ids">,
  disk: Disk,
  validate: typeof validateSubmission = validateSubmission,
): Promise<boolean> {
  const { output, columns, classes, clip, prior } = config;
  if (await isThere(output, disk)) return isComplete(() => validate(output, ids, columns, classes));
  const ownership = createOwnership(config, disk);
  await writeSubmission(output, ids, () => prior, { columns, classes, clip, disk, ownership });
  return true;
}

/** An error other than a missing file is left to the write, which explains it. */
function isThere(path: string, disk: Disk): Promise<boolean> {
  return disk.stat(path).then(
    () => true,
    (error: unknown) => systemCode(error) !== "ENOENT",
  );
}

/** Checks a submission as a grader does: all ids of the rows and no others, and probabilities that sum to 1. */
async function isComplete(validate: () => ReturnType<typeof validateSubmission>): Promise<boolean> {
  try {
    const problems = await validate();
    return problems.every(({ level }) => level === "note");
  } catch {
    return false;
  }
}
