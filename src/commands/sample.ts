import { basename, join, resolve } from "node:path";
import { allEnded } from "../all-ended.ts";
import { pickRows } from "../class-matrix.ts";
import { readComparison } from "../compare/comparison-file.ts";
import { namedColumns, type WrittenColumns } from "../config/columns.ts";
import { outputFormOf, outputProblem } from "../config/output.ts";
import { type LabelSettings, labelColumns, labelOrder } from "../dataset/label-columns.ts";
import { chosenColumns } from "../dataset/open-dataset.ts";
import { type SampledRow, writeSample } from "../dataset/submission/write-sample.ts";
import type { Effects } from "../effects.ts";
import { AbtieError } from "../errors.ts";
import { columnsOfOther, openJoined } from "../evaluate/labelled.ts";
import { inOrderOf, refuseOtherClasses } from "../evaluate/same-rows.ts";
import { openSubject, type Subject } from "../evaluate/subject.ts";
import { type JudgeOnRows, sizesOf, worthLabelling } from "../evaluate/worth-labelling.ts";
import { refuseExisting } from "../files/refuse-existing.ts";
import type { NamedFile } from "../files/refuse-overwrite.ts";
import { filesOfRecordedRun, OTHER_PATH } from "../job/job-files.ts";
import { namedFilesOf } from "../runfolder/file-names.ts";
import { refuseOutputs } from "../runfolder/refuse-outputs.ts";
import { inclusionProbabilities, systematicSample } from "../stats/unequal-sample.ts";
import { type Columns, DEFAULT_COLUMNS, type OutputForm } from "../types.ts";

export interface SampleOptions {
  /** Folders of runs or of comparisons, or submissions, of the same rows: at least one. */
  readonly targets: readonly string[];
  /** Number of rows to draw; with as many rows or fewer in the runs, all are taken. */
  readonly rows: number;
  /** The file to write: .csv, .jsonl or .parquet, also .csv.gz or .jsonl.gz. */
  readonly output: string;
  /** The file with the texts; omitted or null: the input of the first run. */
  readonly input?: string | null;
  /** Names of columns that differ from those of the first run. */
  readonly columns?: WrittenColumns;
  /** Share of the sample that is drawn whatever the row is worth, above 0 to 1. Default 0.5. */
  readonly uniform?: number;
  /** Seed of the draw. Default: the seed of the first run. */
  readonly seed?: number | null;
  /** Replace the output if it exists: a person may have labelled in it. Default false. */
  readonly force?: boolean;
}

/** The sample that was written. */
export interface SampleResult {
  readonly file: string;
  /** Number of rows in the sample, and of those from which it was drawn. */
  readonly rows: number;
  readonly of: number;
  /** Smallest and largest inclusion probability of the rows in the sample. */
  readonly inclusion: { readonly smallest: number; readonly largest: number };
  /** The first run or submission from which it was drawn, as it was named; of a comparison the run of its first variant. */
  readonly judge: string;
  /** The columns in which a person labels. */
  readonly labelColumns: readonly string[];
  /** What the person does: "Write A, B or tie into the column winner". */
  readonly labelOrder: string;
  readonly seed: number;
}

/** With 0.2, rows of which a judge is sure weigh so much that 200 labels covered 90 % where 95 % were stated (bench/few-labels.mjs). */
const DEFAULT_UNIFORM = 0.5;

/**
 * Draws the rows that are most worth labelling, with known inclusion probabilities, and writes them with their texts.
 * Throws AbtieError("data") when the runs have different rows or classes or a file cannot be used, and AbtieError("config") when
 * nothing names the texts or a file would be overwritten.
 */
export async function sample(options: SampleOptions, effects: Pick<Effects, "cwd" | "signal">): Promise<SampleResult> {
  const { rows, uniform = DEFAULT_UNIFORM } = options;
  const output = resolve(effects.cwd, options.output);
  const form = formOf(options.output);
  const [first = ""] = options.targets;
  const named = await allEnded(options.targets.map((target) => findRuns(resolve(effects.cwd, target))));
  const subjects: Subject[] = [];
  for (const path of named.flatMap(({ runs }) => runs)) subjects.push(await openSubject(path));
  const [subject, ...others] = subjects;
  if (subject === undefined) throw new AbtieError("config", "a sample needs a run: name at least one folder");
  refuseOtherClasses(subject, others, "their disagreement");
  const judges = [judgedOf(subject), ...others.map((other) => reorder(judgedOf(other), inOrderOf(subject, other)))];
  const input = inputOf(subject, options, effects);
  await refuseOutputs({
    reads: [
      { role: "the file with the texts", path: input },
      ...named.flatMap(({ files }) => files),
      ...subjects.flatMap(({ run, path }) =>
        run === null ? [{ role: "a submission", path }] : filesOfRecordedRun(run),
      ),
    ],
    writes: [{ role: "the sample (-o)", path: output, remedy: OTHER_PATH }],
  });
  await refuseExisting(output, { force: options.force ?? false });
  const columns = namedColumns(options.columns ?? {}, subject.columns);
  const columnsIn = (options.input ?? null) === null ? columns : columnsOfOther(options.columns ?? {}, subject.columns);
  const settings: LabelSettings = {
    columns,
    truth: subject.run?.config.truth ?? "labels",
    classes: subject.written.classes,
  };
  await using joined = await openJoined({
    subject: subject.path,
    ids: subject.ids,
    path: input,
    columns,
    columnsIn: (names) => ({
      ...chosenColumns(columnsIn, names),
      labels: DEFAULT_COLUMNS.labels,
      label: null,
      codes: null,
    }),
    classes: settings.classes,
    truth: "labels",
    mayHaveMore: true,
    inputGroups: null,
    signal: effects.signal,
  });
  const seed = options.seed ?? subject.seed;
  const probabilities = inclusionProbabilities(sizesOf(worthLabelling(judges, subject.ids.length), uniform), rows);
  const drawn = systematicSample(probabilities, seed);
  const inclusion = Array.from(drawn, (row) => probabilities[row] as number);
  const { dataset, indexes } = joined;
  async function* sampled(): AsyncGenerator<SampledRow> {
    for (const [index, row] of drawn.entries()) {
      yield { row: await dataset.read(indexes[row] as number), inclusion: inclusion[index] as number };
    }
  }
  await writeSample(output, sampled(), { ...settings, form, columns: { ...columns, ...textsOf(subject) } });
  return {
    file: output,
    rows: drawn.length,
    of: subject.ids.length,
    inclusion: { smallest: Math.min(...inclusion), largest: Math.max(...inclusion) },
    judge: subject.path === resolve(effects.cwd, first) ? first : join(first, basename(subject.path)),
    labelColumns: labelColumns(settings),
    labelOrder: labelOrder(settings),
    seed,
  };
}

/** The names under which a later command looks for the ids and texts. */
function textsOf({ columns }: Subject): Pick<Columns, "id" | "prompt" | "responseA" | "responseB"> {
  const { id, prompt, responseA, responseB } = columns;
  return { id, prompt, responseA, responseB };
}

/** The form of the sample by the end of its name, as for a submission. Throws AbtieError("config") for a form that is not written. */
function formOf(output: string): OutputForm {
  const problem = outputProblem({ output });
  if (problem === null) return outputFormOf({ file: output });
  throw new AbtieError("config", `-o ${output}: the sample ${problem.message}`);
}

/** Lists the runs of the variants for the folder of a comparison, and its own files; any other path stands for itself. */
async function findRuns(
  path: string,
): Promise<{ readonly runs: readonly string[]; readonly files: readonly NamedFile[] }> {
  const comparison = await readComparison(path);
  if (comparison === null) return { runs: [path], files: [] };
  return { runs: comparison.variants.map(({ name }) => join(path, name)), files: namedFilesOf(path) };
}

function inputOf({ path, run }: Subject, { input = null }: SampleOptions, { cwd }: Pick<Effects, "cwd">): string {
  if (input !== null) return resolve(cwd, input);
  if (run !== null) return run.config.input;
  throw new AbtieError("config", `${path} is a submission, which holds no texts: name the file with the rows with -i`);
}

/** Every row of a submission counts as answered, because a fallback cannot be recognised there. */
function judgedOf({ written, run }: Subject): JudgeOnRows {
  return { probabilities: written, isAnswered: (row) => run === null || run.rows.obtained[row] !== "prior" };
}

function reorder({ probabilities, isAnswered }: JudgeOnRows, order: Uint32Array): JudgeOnRows {
  return {
    probabilities: pickRows(probabilities, order),
    isAnswered: (row) => isAnswered(order[row] as number),
  };
}
