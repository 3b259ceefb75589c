import { validateSubmission } from "../dataset/submission/validate-submission.ts";
import { engineOpeners } from "../pool/open-engines.ts";
import { createJudgeLoader } from "./load-judge.ts";
import { openRows } from "./open-rows.ts";
import { packageVersion } from "./package-version.ts";
import { openPreparingThreads } from "./preparing-threads.ts";

/** The parts of a job that read tables and the files of a person, or that reach servers. A simulation of whole jobs replaces them. */
export interface JobParts {
  readonly openRows: typeof openRows;
  readonly validateSubmission: typeof validateSubmission;
  readonly createJudgeLoader: typeof createJudgeLoader;
  readonly engineOpeners: typeof engineOpeners;
  readonly packageVersion: typeof packageVersion;
  readonly openPreparingThreads: typeof openPreparingThreads;
}

/** The parts of a real job. */
export const REAL_PARTS: JobParts = {
  openRows,
  validateSubmission,
  createJudgeLoader,
  engineOpeners,
  packageVersion,
  openPreparingThreads,
};
