import { resolve } from "node:path";
import { z } from "zod";
import type { CalibratedJudge } from "../calibrate/file.ts";
import { type ClassMatrix, pickRows } from "../class-matrix.ts";
import { refuseOtherEnd } from "../config/output.ts";
import type { Effects } from "../effects.ts";
import { AbtieError } from "../errors.ts";
import { onlyTies } from "../evaluate/evaluation.ts";
import { joinOptionsOf, type LabelledRows, type LabelOptions, openLabels } from "../evaluate/labelled.ts";
import { subjectOf } from "../evaluate/subject.ts";
import { refuseExisting } from "../files/refuse-existing.ts";
import { filesOfRecordedRun, OTHER_PATH } from "../job/job-files.ts";
import { modelName } from "../judge/model-name.ts";
import { labelsFor } from "../metrics/labels-for.ts";
import type { LoadedRun } from "../runfolder/load-run-folder.ts";
import { refuseOutputs } from "../runfolder/refuse-outputs.ts";

/** The rows of a run to which something is fitted: those with a label that its judge can give. */
export interface LabelledPart extends AsyncDisposable, Pick<LabelledRows, "weights" | "dataset"> {
  /** Indices of the rows in the run. */
  readonly rows: Uint32Array;
  /** Label and group of each of these rows. */
  readonly truth: ClassMatrix;
  readonly groups: Uint32Array;
  /** Rows that are left out, because they are labelled as ties and the judge knows none. */
  readonly ties: number;
}

/** Joins a run with its labels. Throws AbtieError("data") when the run or its labels cannot be used. */
export async function openLabelledRun(
  run: LoadedRun,
  options: LabelOptions,
  effects: Pick<Effects, "cwd" | "signal" | "progress">,
): Promise<LabelledPart> {
  const labelled = await openLabels(joinOptionsOf(subjectOf(run), options, effects));
  try {
    if (run.rows.tokens.every((tokens) => tokens === 0)) {
      throw new AbtieError(
        "data",
        `${run.folder} has no row that was scored, and a calibration is fitted to scored rows: run \`abtie run\` first, or name another run folder`,
      );
    }
    // A sample needs no weights here: its inclusion probabilities depend on the readings alone, which the fit is given.
    const { groups, dataset, judged, weights } = labelled;
    const usable = labelsFor(run.config.classes, labelled.truth);
    const { rows: used, ties } = usable;
    if (used.length === 0) throw onlyTies(dataset.path);
    return {
      rows: used.map((row) => judged[row] as number),
      truth: pickRows(usable.truth, used),
      groups: used.map((row) => groups[row] as number),
      ties,
      weights,
      dataset,
      [Symbol.asyncDispose]: () => labelled[Symbol.asyncDispose](),
    };
  } catch (error) {
    await labelled[Symbol.asyncDispose]();
    throw error;
  }
}

/** Gives the path of the calibration file, after it refused one that would replace another kind of file, which `isOwn` recognises. */
export async function calibrationOutput(
  run: LoadedRun,
  options: LabelOptions & { readonly output: string; readonly force?: boolean },
  effects: Pick<Effects, "cwd" | "signal" | "progress">,
  isOwn: (text: string, path: string) => boolean,
): Promise<string> {
  const output = resolve(effects.cwd, options.output);
  const where = joinOptionsOf(subjectOf(run), options, effects);
  // A calibration that the run applied may be replaced, because its readings are without calibration.
  await refuseOutputs({
    reads: [{ role: "the file with the labels", path: where.path }, ...filesOfRecordedRun(run)],
    writes: [{ role: "the calibration file (-o)", path: output, remedy: OTHER_PATH }],
  });
  refuseOtherEnd(output, "the calibration", ["json"]);
  await refuseExisting(output, { force: options.force ?? false, isOwn: (text) => isOwn(text, output) });
  return output;
}

/** Decides whether a text is a file of some kind. */
export function canParse(parse: () => unknown): boolean {
  try {
    parse();
    return true;
  } catch {
    return false;
  }
}

const Texts = z.array(z.string());
const Labels = z.object({ a: Texts, b: Texts, tie: Texts.optional() });

/** Reads from the manifest which judge made the readings. */
export function judgeOf({
  manifest,
  config,
  folder,
}: Pick<LoadedRun, "manifest" | "config" | "folder">): CalibratedJudge {
  const labels = Labels.safeParse(manifest.labels);
  const template = manifest.hashes["template"];
  if (!labels.success || template === undefined) {
    throw new AbtieError(
      "data",
      `${folder}/manifest.json does not hold the hash of the template and the labels of the run, which a calibration must match: score the rows again with this version of abtie`,
    );
  }
  return { model: modelName(config.engine), template, labels: labels.data };
}
