import { join } from "node:path";

/** The files that `abtie run` writes into a run folder, without the submission, which may be elsewhere. */
export const RUN_FILES: readonly string[] = [
  "manifest.json",
  "published.json",
  "journal.jsonl",
  "rows.jsonl",
  "summary.json",
  "clock.svg",
  "lock",
  "server.log",
];

/** The names that the submission has in a run folder, by its form. */
export const SUBMISSION_FILES: readonly string[] = ["submission.csv", "submission.jsonl", "submission.parquet"];

/** Decides whether an output is the submission in the run folder. */
export function isUsualOutput({ output, runFolder }: { readonly output: string; readonly runFolder: string }): boolean {
  return SUBMISSION_FILES.some((name) => output === join(runFolder, name));
}

/** The files that other commands write into a run folder. */
const FURTHER_FILES: readonly string[] = [
  "tokens.bin",
  "rescored.jsonl",
  "bench.json",
  "bench.svg",
  "report.html",
  "report.md",
  "comparison.json",
  "comparison.html",
  "comparison.md",
];

/** The pages and pictures that commands draw from the other files: a person may have them replaced. */
const DRAWN_FILES: readonly string[] = [
  "clock.svg",
  "bench.svg",
  "report.html",
  "report.md",
  "comparison.html",
  "comparison.md",
];

/** The files in which abtie keeps the state and the results of a run or of a comparison, without the submission. */
export const KEPT_FILES: readonly string[] = [...RUN_FILES, ...FURTHER_FILES].filter(
  (name) => !DRAWN_FILES.includes(name),
);

/** A folder that holds one of these is the folder of a run or of a comparison. */
export const MARKS_OF_A_FOLDER: readonly string[] = ["manifest.json", "journal.jsonl", "lock", "comparison.json"];

/** Decides whether a name is that of a lock beside a submission, or of the record of a submission beside it. */
export function isHiddenState(name: string): boolean {
  return /^\..+\.(?:lock|published\.json)$/.test(name);
}

/** Names the files of a run folder, whether they exist or not, apart from those in `without`. */
export function namedFilesOf(
  folder: string,
  without: readonly string[] = [],
): readonly { readonly role: string; readonly path: string }[] {
  return [...RUN_FILES, ...SUBMISSION_FILES, ...FURTHER_FILES]
    .filter((name) => !without.includes(name))
    .map((name) => ({ role: `${name} of the run folder`, path: join(folder, name) }));
}
