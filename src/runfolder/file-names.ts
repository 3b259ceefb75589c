import { join } from "node:path";

/** The files that `abtie run` writes into a run folder, without submission.csv, which may be elsewhere. */
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

/** Names the files of a run folder, whether they exist or not, apart from those in `without`. */
export function namedFilesOf(
  folder: string,
  without: readonly string[] = [],
): readonly { readonly role: string; readonly path: string }[] {
  return [...RUN_FILES, "submission.csv", ...FURTHER_FILES]
    .filter((name) => !without.includes(name))
    .map((name) => ({ role: `${name} of the run folder`, path: join(folder, name) }));
}
