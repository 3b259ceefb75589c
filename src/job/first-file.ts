import type { Config } from "../config/config.ts";
import type { Dataset } from "../dataset/open-dataset.ts";
import { type OutputInput, outputColumns } from "../dataset/submission/output-columns.ts";
import { validateSubmission } from "../dataset/submission/validate-submission.ts";
import { writeSubmission } from "../dataset/submission/write-submission.ts";
import type { Disk } from "../files/disk.ts";
import { mayExist } from "../files/exists.ts";
import { createOwnership } from "../runfolder/ownership.ts";

/**
 * Puts a complete submission in place as soon as the ids of the rows are known, before a template is compiled, a tokenizer is
 * read or a server is started. Where no file is, it writes the fallback for each row. A file that is there is kept, because the
 * run may still be refused. Returns whether a complete submission for these rows is in place. Throws AbtieError("data") when the
 * file cannot be written, and AbtieError("config") when it shall repeat a column that the rows do not have.
 */
export async function ensureFirstFile(
  config: Pick<Config, "output" | "outputForm" | "runFolder" | "columns" | "classes" | "clip" | "prior">,
  dataset: Pick<Dataset, "ids"> & OutputInput,
  disk: Disk,
  validate: typeof validateSubmission = validateSubmission,
): Promise<boolean> {
  const { output, outputForm: form, columns, classes, clip, prior } = config;
  const { ids } = dataset;
  // An error other than a missing file is left to the write, which explains it.
  if (await mayExist(output, disk)) {
    outputColumns(form, { ...columns, classes }, dataset);
    return isComplete(() => validate(output, ids, columns, classes, form.kind));
  }
  const ownership = createOwnership(config, disk);
  await writeSubmission(output, ids, () => prior, { columns, classes, clip, form, input: dataset, disk, ownership });
  return true;
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
