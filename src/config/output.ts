import { basename } from "node:path";
import { AbtieError } from "../errors.ts";
import type { OutputForm } from "../types.ts";
import type { ParsedConfig } from "./schema.ts";

/** The output as a person writes it, also where the config has the file alone. */
type WrittenOutput = Exclude<NonNullable<ParsedConfig["output"]>, string>;

/** Gives the written output as a mapping. */
export function writtenOutput({ output }: Pick<ParsedConfig, "output">): WrittenOutput {
  return typeof output === "string" ? { file: output } : (output ?? {});
}

/** The kind of output that each end of a name stands for. */
const KIND_OF_END: ReadonlyMap<string, OutputForm["kind"]> = new Map([
  ["csv", "submission"],
  ["jsonl", "jsonl"],
  ["ndjson", "jsonl"],
  ["parquet", "parquet"],
]);

/** Ends of names that stand for a kind of file that is not written. */
const OTHER_ENDS: readonly string[] = ["json", "tsv", "xls", "xlsx", "arrow", "feather", "zip", "zst", "bz2", "xz"];

/** Decides the form of an output by its format, or else by the end of its file's name; any other end is that of a submission. */
export function outputFormOf({ file = "", format, columns }: WrittenOutput): OutputForm {
  const { end, gzip } = endOf(file);
  const byName = KIND_OF_END.get(end) ?? "submission";
  const kind = format ?? (byName === "submission" && hasColumns(columns) ? "wide" : byName);
  return { kind, gzip, columns: columns ?? [] };
}

/** The name of the output in a run folder when the config names no file. */
export function usualOutputName({ kind }: OutputForm): string {
  return kind === "jsonl" || kind === "parquet" ? `submission.${kind}` : "submission.csv";
}

/** Finds what is wrong with an output: the keys below `output`, and a message; null when it can be written. */
export function outputProblem(
  config: Pick<ParsedConfig, "output">,
): { readonly keys: readonly string[]; readonly message: string } | null {
  const { file = "", format, columns } = writtenOutput(config);
  const keys = typeof config.output === "string" ? [] : ["file"];
  const { end, gzip } = endOf(file);
  if (format === undefined && OTHER_ENDS.includes(end)) {
    return {
      keys,
      message: `ends in .${end}, which is not written: name it .csv, .csv.gz, .jsonl, .jsonl.gz or .parquet`,
    };
  }
  const byName = KIND_OF_END.get(end);
  if (format !== undefined && byName !== undefined && format !== byName && !isCsv(format, byName)) {
    return { keys: ["format"], message: `is ${format}, but the file ends in .${end}: name it ${ENDS[format]}` };
  }
  if (gzip && (format ?? byName) === "parquet") {
    return { keys, message: "ends in .gz, but Parquet is compressed by itself: name it .parquet" };
  }
  if (format === "submission" && hasColumns(columns)) {
    return {
      keys: ["columns"],
      message: "is given, but a submission has ids and probabilities alone: use format wide",
    };
  }
  return null;
}

/**
 * Refuses a file that holds no rows, under a name that stands for another kind of file. `what` is the file, `ends` are the ends that its
 * kind may have, the usual one first; a name without an end is allowed. Throws AbtieError("config").
 */
export function refuseOtherEnd(file: string, what: string, ends: readonly [string, ...string[]]): void {
  const end = /\.([a-z0-9]+)$/i.exec(basename(file))?.[1] ?? "";
  if (end === "" || ends.includes(end.toLowerCase())) return;
  throw new AbtieError("config", `-o ${file}: ${what} ends in .${end}, which is not written: name it .${ends[0]}`);
}

const ENDS: Readonly<Record<OutputForm["kind"], string>> = {
  submission: ".csv or .csv.gz",
  wide: ".csv or .csv.gz",
  jsonl: ".jsonl or .jsonl.gz",
  parquet: ".parquet",
};

function isCsv(...kinds: readonly OutputForm["kind"][]): boolean {
  return kinds.every((kind) => kind === "submission" || kind === "wide");
}

function hasColumns(columns: WrittenOutput["columns"]): boolean {
  return columns !== undefined && columns.length > 0;
}

function endOf(file: string): { readonly end: string; readonly gzip: boolean } {
  const name = basename(file).toLowerCase();
  const gzip = name.endsWith(".gz");
  const plain = gzip ? name.slice(0, -".gz".length) : name;
  return { end: /\.([a-z0-9]+)$/.exec(plain)?.[1] ?? "", gzip };
}
