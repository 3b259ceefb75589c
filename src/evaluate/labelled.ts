import { type ClassMatrix, pickRows } from "../class-matrix.ts";
import { columnsPresent, namedColumns, type WrittenColumns } from "../config/columns.ts";
import { expectedLabels, labelColumns, labelOrder, NAME_LABELS } from "../dataset/label-columns.ts";
import { type ColumnChoice, type Dataset, openDataset } from "../dataset/open-dataset.ts";
import { columnWithIds } from "../dataset/read-ids.ts";
import { idFlag } from "../dataset/suggest-columns.ts";
import type { Effects } from "../effects.ts";
import { AbtieError } from "../errors.ts";
import { inputPath, STANDARD_INPUT } from "../files/input-path.ts";
import { formatCount } from "../format.ts";
import { normalisedWeights } from "../metrics/weights.ts";
import type { Classes, Columns } from "../types.ts";
import { groupsOfInput } from "./groups-of-input.ts";
import type { Subject } from "./subject.ts";

/** Judged rows joined with the rows of the data file, in the order of the judged rows. */
export interface JoinedRows extends AsyncDisposable {
  readonly dataset: Dataset;
  readonly source: "labels" | "votes";
  /**
   * The judged rows that the data file contains, by their position among the judged rows: all, except where the data
   * file is a sample. The other lists have one element for each of these.
   */
  readonly judged: Uint32Array;
  /** Index of each judged row in the dataset. */
  readonly indexes: Uint32Array;
  /** Weights of a, b and tie of each judged row; null when the data file has no labels. */
  readonly truth: ClassMatrix | null;
  /** Group number of each judged row. Rows with the same prompt have the same number. */
  readonly groups: Uint32Array;
  /** False: nothing says which rows share a prompt, so that each row is a group. */
  readonly knowsPrompts: boolean;
  /** Inverse inclusion probability of each judged row, divided by the mean; null when the data file is no sample. */
  readonly weights: Float64Array | null;
}

/** Judged rows with labels. */
export type LabelledRows = JoinedRows & { readonly truth: ClassMatrix };

/** The options that choose the file with the labels and the source of the truth. */
export interface LabelOptions {
  /** The file with labelled rows; omitted or null: the run's own input. */
  readonly labels?: string | null;
  /** The source of the truth; omitted or null: the one in the run's config, else the label columns. */
  readonly truth?: "labels" | "votes" | null;
  /** Names of columns that differ from those of the run. */
  readonly columns?: WrittenColumns;
}

/**
 * Opens the labels of a run or submission, from the named file or else from the run's own input. Throws like openLabels
 * and joinOptionsOf.
 */
export function openLabelsOf(
  subject: Subject,
  options: LabelOptions,
  effects: Pick<Effects, "cwd" | "signal">,
): Promise<LabelledRows> {
  return openLabels(joinOptionsOf(subject, options, effects));
}

/**
 * Finds the file that contains the labels of a run or submission. Throws AbtieError("config") for a submission if no
 * file is named.
 */
export function joinOptionsOf(
  subject: Subject,
  { labels = null, truth, columns: named = {} }: LabelOptions,
  effects: Pick<Effects, "cwd" | "signal">,
): JoinOptions {
  const { path, ids, run, columns, written } = subject;
  const file = labels === null ? run?.config.input : inputPath(effects.cwd, labels);
  if (file === undefined) {
    throw new AbtieError(
      "config",
      "a submission does not name the file of its labels: name a labelled file with --labels",
    );
  }
  return {
    subject: path,
    ids,
    path: file,
    columns: namedColumns(named, columns),
    columnsIn: labels === null ? namedColumns(named, columns) : columnsOfOther(named, columns),
    classes: written.classes,
    truth: truth ?? run?.config.truth ?? "labels",
    mayHaveMore: run !== null && (run.config.limit !== null || run.config.shard !== null),
    inputGroups: labels === null ? null : () => groupsOfInput(subject, effects.signal),
    signal: effects.signal,
  };
}

/** Columns of another file than the run's: as a person names them, else as the run does if the file has that name, else the usual ones. */
export function columnsOfOther(named: WrittenColumns, columns: Columns): ColumnChoice {
  return (names) => namedColumns(named, columnsPresent(columns, names));
}

/** The judged rows, and the data file with which they are joined. */
export interface JoinOptions {
  /** The run folder or submission, for messages. */
  readonly subject: string;
  readonly ids: readonly string[];
  readonly path: string;
  /** The columns that are expected, for messages; `columnsIn` decides which are read. */
  readonly columns: Columns;
  readonly columnsIn: ColumnChoice;
  /** The classes of the judge. */
  readonly classes: Classes;
  readonly truth: "labels" | "votes";
  /** Whether the file may contain more rows than were judged, as when the run had a limit or judged one shard. */
  readonly mayHaveMore: boolean;
  /**
   * Gives the groups of the judged rows when the file has no prompts; its result is null where they are unknown. Null: the file must
   * have prompts and answers.
   */
  readonly inputGroups: (() => Promise<Uint32Array | null>) | null;
  readonly signal: AbortSignal;
}

/** Joins judged rows with a labelled file. Throws like openJoined, and AbtieError("data") when the file has no labels. */
export async function openLabels(options: JoinOptions): Promise<LabelledRows> {
  const joined = await openJoined(options);
  if (isLabelled(joined)) return joined;
  await joined[Symbol.asyncDispose]();
  throw withoutLabels(options, joined);
}

/** Checks whether the data file has labels. */
export function isLabelled(joined: JoinedRows): joined is LabelledRows {
  return joined.truth !== null;
}

/** Joins judged rows with a data file by id. Throws AbtieError("data") when an id is missing in one of them. */
export async function openJoined(options: JoinOptions): Promise<JoinedRows> {
  const { path, columnsIn, truth: source, inputGroups, signal } = options;
  const textsOptional = inputGroups !== null;
  const dataset = await openDataset(path, { columns: columnsIn, truth: source, textsOptional, signal });
  try {
    const { inclusion } = dataset;
    const { judged, indexes } = await joinById(dataset, options);
    const known = dataset.hasPrompts || inputGroups === null ? null : await inputGroups();
    return {
      dataset,
      source,
      judged,
      indexes,
      truth: dataset.truth === null ? null : pickRows(dataset.truth, indexes),
      groups:
        known === null
          ? indexes.map((index) => dataset.groups[index] as number)
          : judged.map((row) => known[row] as number),
      knowsPrompts: dataset.hasPrompts || known !== null,
      weights:
        inclusion === null
          ? null
          : normalisedWeights(Float64Array.from(indexes, (index) => 1 / (inclusion[index] as number))),
      [Symbol.asyncDispose]: () => dataset[Symbol.asyncDispose](),
    };
  } catch (error) {
    await dataset[Symbol.asyncDispose]();
    throw error;
  }
}

function withoutLabels(options: JoinOptions, { dataset, weights }: JoinedRows): AbtieError {
  const { path } = options;
  if (weights !== null && labelColumns(options).every((name) => dataset.names.includes(name))) {
    return new AbtieError(
      "data",
      `${path} is a sample that nobody has labelled yet: ${lowered(labelOrder(options))} of every row.`,
    );
  }
  return new AbtieError(
    "data",
    `${path} has no labels: ${expectedLabels(options)}. Name a labelled file with --labels. ${NAME_LABELS}; for a column of votes add --truth votes.`,
    { details: dataset.labelNotes },
  );
}

function lowered(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}

/** Finds the judged rows that the data file contains, and their indexes there. A sample need not contain all of them. */
async function joinById(
  { ids: labelled, inclusion }: Dataset,
  options: JoinOptions,
): Promise<Pick<JoinedRows, "judged" | "indexes">> {
  const { ids, path, subject, mayHaveMore } = options;
  const isSample = inclusion !== null;
  const indexOf = new Map(labelled.map((id, index) => [id, index]));
  const known = new Set(ids);
  const missing = isSample ? [] : ids.filter((id) => !indexOf.has(id));
  const extra = mayHaveMore ? [] : labelled.filter((id) => !known.has(id));
  if (missing.length + extra.length > 0) {
    const rule = isSample ? "every row of the sample must be a judged one" : "the ids must be the same in both";
    throw new AbtieError(
      "data",
      `${subject} and ${path} do not hold the same rows: ${rule}. ${await remedyFor(labelled, options)}`,
      {
        details: [
          ...describe(missing, `in ${subject} without labels in ${path}`),
          ...describe(extra, `in ${path} that are not in ${subject}`),
        ],
      },
    );
  }
  const judged = Uint32Array.from(ids.keys()).filter((row) => indexOf.has(ids[row] ?? ""));
  // Only a sample of a larger file can miss all rows of a run with a limit.
  if (judged.length === 0) throw new AbtieError("data", `${path} holds no row of ${subject}: name another sample`);
  return { judged, indexes: judged.map((row) => indexOf.get(ids[row] ?? "") as number) };
}

/** Says what a person does about ids that differ: another column of the file may have them, or one of the two has row numbers. */
async function remedyFor(labelled: readonly string[], { ids, path, subject, signal }: JoinOptions): Promise<string> {
  const other = path === STANDARD_INPUT ? null : await columnWithIds(path, ids, signal);
  const known = new Set(ids);
  if (labelled.some((id) => known.has(id)) && !(areRowNumbers(ids) || areRowNumbers(labelled))) return NAME_ROWS;
  if (other !== null)
    return `The column ${JSON.stringify(other)} of ${path} has the ids of ${subject}: add ${idFlag(other)}`;
  if (areRowNumbers(ids) && !areRowNumbers(labelled)) {
    return `The ids of ${subject} are row numbers, counted from 0, because its rows were read without a column of ids; those of ${path} are not. Score the rows again with their ids (--set columns.id=NAME, and another run folder), or label a sample of ${subject}`;
  }
  if (areRowNumbers(labelled) && !areRowNumbers(ids)) {
    return `The rows of ${path} have no column of ids that is known, so their ids are row numbers, counted from 0: name the column with --set columns.id=NAME`;
  }
  return NAME_ROWS;
}

const NAME_ROWS = "Name the labelled file of these rows with --labels";

function areRowNumbers(ids: readonly string[]): boolean {
  return ids.every((id, row) => id === String(row));
}

const NAMED = 5;

function describe(ids: readonly string[], where: string): readonly string[] {
  if (ids.length === 0) return [];
  const named = ids.slice(0, NAMED).map((id) => JSON.stringify(id));
  const more = ids.length > NAMED ? ", ..." : "";
  return [`${formatCount(ids.length)} ${where}: ${named.join(", ")}${more}`];
}
