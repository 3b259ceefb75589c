import { join } from "node:path";
import { type ClassMatrix, pickRows, rowAt } from "../class-matrix.ts";
import type { Config } from "../config/config.ts";
import type { Dataset } from "../dataset/open-dataset.ts";
import type { Effects } from "../effects.ts";
import { replaceFile, writeAtomic } from "../files/atomic.ts";
import { makeNewFolder } from "../files/new-folder.ts";
import { plural } from "../format.ts";
import { pinDate } from "../job/pin-date.ts";
import { openPreparingThreads } from "../job/preparing-threads.ts";
import { judgeWarnings } from "../judge/judge.ts";
import { classPrior, classPriorLosses } from "../metrics/class-prior.ts";
import { labelsFor } from "../metrics/labels-for.ts";
import { mean } from "../numbers/sums.ts";
import { openAllRows } from "./all-rows.ts";
import { DATA_FILES, type DataFile } from "./data-file.ts";
import { assignFolds, countSplitGroups, type FoldSettings } from "./folds.ts";
import { hashTokenizer, openTrainingJudge } from "./open-judge.ts";
import { readTeacher } from "./teacher.ts";
import { type Targets, type Written, writeExamples } from "./write-examples.ts";

/** What is made of the rows of a job. */
export interface PrepareRequest {
  readonly config: Config;
  readonly orders: "one" | "both";
  readonly folds: FoldSettings;
  /** The fold that is not trained on; null: none. */
  readonly heldOut: number | null;
  /** Further files, whose rows are appended unless an earlier file has their prompt. */
  readonly extra: readonly string[];
  /** Folder of a run whose probabilities are the targets; null: the labels are. */
  readonly teacher: string | null;
  /** Folder to make. */
  readonly out: string;
}

/** The data of a training, as they were written into a folder. */
export interface PreparedData extends DataFile {
  readonly folder: string;
  readonly priorLogLoss: number;
  /** Rows that are not trained on. */
  readonly heldOutRows: number;
}

/** The parts of the effects that preparing uses. */
export type PrepareEffects = Pick<Effects, "clock" | "disk" | "machine" | "signal" | "log" | "progress">;

/**
 * Turns the rows of a job into training examples and writes them into a new folder, which appears when it is complete. The prompts are
 * those that `abtie run` sends. Needs no server. Throws AbtieError: config (also when the folder exists), data (wrong rows, no labels,
 * a full disk, another process that makes the folder).
 */
export async function prepareData(request: PrepareRequest, effects: PrepareEffects): Promise<PreparedData> {
  const { clock, machine, signal } = effects;
  const options = { purpose: "abtie prepare", remedy: "name a new folder with -o", clock, machine, signal };
  return makeNewFolder(request.out, options, (folder, lost) =>
    fillDataFolder(folder, request, { ...effects, signal: AbortSignal.any([signal, lost]) }),
  );
}

/** Writes the examples of a job into a folder that is there, as prepareData does. */
export async function fillDataFolder(
  folder: string,
  request: PrepareRequest,
  effects: PrepareEffects,
): Promise<PreparedData> {
  const config = await pinDate(request.config, [], effects);
  await using rows = await openAllRows(config, request, effects);
  await using threads = await openPreparingThreads(config, rows.dataset.ids.length, "elsewhere");
  const opened = await openTrainingJudge(config, rows.dataset, effects.clock, threads);
  const { judge } = opened;
  for (const text of judgeWarnings(judge)) effects.log("warn", text);
  const targets = await findTargets(rows.dataset, config, request.teacher);
  const input = { groups: rows.dataset.groups, truth: targets.truth, seed: config.seed };
  const folds = assignFolds(request.folds, input);
  const writing = { ...targets, dataset: rows.dataset, orders: request.orders, judge, folds };
  const written = await writeExamples(folder, writing, effects);
  const data: DataFile & Pick<PreparedData, "priorLogLoss"> = {
    format: 1,
    ...opened.facts,
    classes: [...config.classes],
    tokenizer: await hashTokenizer(opened.facts.model),
    folds: { ...request.folds, heldOut: request.heldOut },
    ...describeRows(written, { folds, groups: rows.dataset.groups, truth: targets.truth }, request),
    ...written.counts,
    dropped: { ...rows.dropped, ...Object.fromEntries(written.dropped) },
    examplesSha256: written.sha256,
  };
  warnOfSplitPrompts(data, effects);
  const heldOut = written.kept.filter((row) => folds[row] === request.heldOut);
  await writeHeldOut(folder, rows.dataset, heldOut, targets.truth);
  await writeAtomic(join(folder, DATA_FILES.data), `${JSON.stringify(data, null, 2)}\n`);
  return { ...data, folder: request.out, heldOutRows: heldOut.length };
}

async function findTargets({ ids, truth }: Dataset, { classes }: Config, teacher: string | null): Promise<Targets> {
  if (teacher !== null) {
    const { probabilities, answered } = await readTeacher(teacher, ids, classes);
    return { truth: probabilities, unusable: (row) => (answered(row) ? null : "the teacher has no answer") };
  }
  if (truth === null) throw new Error("labels were checked when the rows were opened");
  const { truth: usable, rows } = labelsFor(classes, truth);
  const known = new Set(rows);
  const ofJudge = known.size === ids.length ? usable : withoutNaN(usable);
  return {
    truth: ofJudge,
    unusable: (row) => (known.has(row) ? null : "its label is a tie, which the judge does not know"),
  };
}

/** Rows that are left out weigh nothing when folds are balanced. */
function withoutNaN({ classes, values }: ClassMatrix): ClassMatrix {
  return { classes, values: values.map((value) => (Number.isNaN(value) ? 0 : value)) };
}

function describeRows(
  { kept }: Written,
  { folds, groups, truth }: { folds: Uint32Array; groups: Uint32Array; truth: ClassMatrix },
  request: PrepareRequest,
): Pick<PreparedData, "foldRows" | "prior" | "priorLogLoss" | "splitPrompts"> {
  const rows = Uint32Array.from(kept);
  const used = pickRows(truth, rows);
  const prior = classPrior(used);
  const foldRows = Array.from(
    { length: request.folds.count },
    (_, fold) => kept.filter((row) => folds[row] === fold).length,
  );
  const isHeldOut = rows.map((row) => Number(folds[row] === request.heldOut));
  const splitPrompts = countSplitGroups(
    isHeldOut,
    rows.map((row) => groups[row] ?? 0),
  );
  return { foldRows, prior: [...prior], priorLogLoss: mean(classPriorLosses(used)), splitPrompts };
}

/** Warns of prompts on both sides, which make the held-out log loss too good. */
export function warnOfSplitPrompts(
  { splitPrompts, folds }: Pick<DataFile, "splitPrompts" | "folds">,
  { log }: Pick<PrepareEffects, "log">,
): void {
  if (splitPrompts === 0) return;
  log(
    "warn",
    `${plural(splitPrompts, "prompt")} stand in rows that are trained on and in rows that are held out, because folds are by ${folds.by}: ` +
      "the held-out log loss is too good. Take folds by prompt, unless you reproduce a training.",
  );
}

/** Writes the rows that are held out, with their labels, in the form that every command reads. */
async function writeHeldOut(
  folder: string,
  { read }: Dataset,
  rows: readonly number[],
  truth: ClassMatrix,
): Promise<void> {
  async function* lines(): AsyncGenerator<string> {
    for (const row of rows) {
      const { id, prompts, responsesA, responsesB } = await read(row);
      const [a, b, tie = 0] = rowAt(truth, row);
      const labels = { winner_model_a: a, winner_model_b: b, winner_tie: tie };
      yield `${JSON.stringify({ id, prompt: prompts, response_a: responsesA, response_b: responsesB, ...labels })}\n`;
    }
  }
  if (rows.length > 0) await replaceFile(join(folder, DATA_FILES.heldOut), lines());
}
