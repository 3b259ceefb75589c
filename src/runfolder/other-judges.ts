import { join } from "node:path";
import type { Config } from "../config/config.ts";
import { isJudgeFolder, judgeFolder } from "../config/judges.ts";
import type { Effects } from "../effects.ts";
import { AbtieError } from "../errors.ts";
import { meansMissing } from "../files/exists.ts";
import { explainFileError } from "../files/explain.ts";
import { hasAnswers } from "./manifest/check-manifest.ts";

/**
 * Compares the second judge of a config with those of which the run folder holds answers, because a config with another one, or with
 * none, would leave them out of the results. `fresh` discards their journals, as it does that of the run; with `force` they stay and are
 * named. Throws AbtieError: "config" without either, "data" when the folder cannot be read.
 */
export async function refuseOtherJudges(
  { runFolder, escalation }: Pick<Config, "runFolder" | "escalation">,
  { force, fresh }: { readonly force: boolean; readonly fresh: boolean },
  { disk, log }: Pick<Effects, "disk" | "log">,
): Promise<void> {
  const own = escalation === null ? null : judgeFolder(escalation.names[1]);
  const names = await disk.readdir(runFolder).catch((error: unknown) => {
    if (meansMissing(error)) return [];
    throw explainFileError("read", runFolder, error);
  });
  for (const name of names.filter((each) => isJudgeFolder(each) && each !== own)) {
    const folder = join(runFolder, name);
    const journal = join(folder, "journal.jsonl");
    if (!(await hasAnswers(journal, disk))) continue;
    if (fresh) await disk.rm(journal, { force: true });
    else if (force) log("warn", `the answers in ${folder} are left out: they are those of another second judge`);
    else
      throw new AbtieError(
        "config",
        `${folder} holds answers of a second judge that this config does not have, and they would be missing in the results: name ` +
          "the judge in `judges` as before, choose another run folder (--run), begin again (--fresh), or leave them out (--force)",
      );
  }
}
