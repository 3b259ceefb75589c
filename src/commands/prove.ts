import { basename, join } from "node:path";
import { stringify } from "yaml";
import { inputsOf } from "../chain/decide.ts";
import { type ChainStage, type MadeStages, madeStage } from "../chain/stage.ts";
import { pickRows } from "../class-matrix.ts";
import { openDataset } from "../dataset/open-dataset.ts";
import type { Effects } from "../effects.ts";
import { AbtieError } from "../errors.ts";
import { replaceFile, writeAtomic } from "../files/atomic.ts";
import { exists } from "../files/exists.ts";
import { readLines } from "../files/json-lines.ts";
import { labelsFor } from "../metrics/labels-for.ts";
import { spreadSample } from "../numbers/spread-sample.ts";
import { DATA_FILES } from "../training/data-file.ts";
import { compareWithTraining, type ServedDifference } from "../training/held-out.ts";
import { type ProofStep, type ProvedModel, proveStep } from "../training/proof.ts";
import type { JudgeRecipe } from "../training/recipe.ts";
import { MODEL } from "../training/stages/merge.ts";
import { calibrateRun } from "./calibrate.ts";
import { compareVariants } from "./compare.ts";

/** The names of the models of a proof, in the order in which they were made. */
type ModelName = "base" | "merged" | "quantized";

/**
 * The stage that judges held-out rows with the base model, the merged one and the quantised one, each served by a real engine, and
 * compares each with the one before it.
 */
export function proveStage(recipe: JudgeRecipe, effects: Effects): ChainStage {
  return {
    name: "prove",
    folder: "proof",
    // A comparison that was begun continues: its runs have journals.
    continues: true,
    inputs: async (made) => ({
      ...Object.fromEntries(
        [...made.values()].filter(({ name }) => name !== "prepare").map(({ name, id }) => [name, id]),
      ),
      ...inputsOf({ prove: recipe.prove, calibrate: recipe.calibrate }),
    }),
    run: async ({ temporary, made, signal }) => {
      await writeRows(temporary, made, recipe);
      await writeAtomic(join(temporary, "prove.yaml"), stringify(proofConfig(recipe, made)));
      const heldOut = join(madeStage(made, "train").path, "held_out.jsonl");
      const { comparisons, served } = await compareModels(temporary, heldOut, recipe, { ...effects, signal });
      const calibration = recipe.calibrate ? await calibrateLast(temporary, made, { ...effects, signal }) : null;
      await writeAtomic(
        join(temporary, "proof.json"),
        `${JSON.stringify({ comparisons, served, calibration }, null, 2)}\n`,
      );
      return { stopped: null, facts: { comparisons, served, calibration } };
    },
  };
}

/** Writes the rows that are judged: as many of the held-out ones as the recipe says, spread evenly. */
async function writeRows(folder: string, made: MadeStages, { prove }: JudgeRecipe): Promise<void> {
  const lines: string[] = [];
  for await (const { text } of readLines(join(madeStage(made, "prepare").path, DATA_FILES.heldOut))) lines.push(text);
  const chosen = spreadSample(lines.length, prove.rows).map((at) => `${lines[at]}\n`);
  await replaceFile(join(folder, ROWS), chosen);
}

const ROWS = "rows.jsonl";

/** Makes the config of the comparison: one variant for each model. */
function proofConfig({ job, head, base, prove }: JudgeRecipe, made: MadeStages): Readonly<Record<string, unknown>> {
  const { context, cut, appendEos, labels, date, seed } = job;
  const settings = {
    template: job.template,
    ...(labels === null ? {} : { labels }),
    ...(context === null ? {} : { context }),
    cut,
    append_eos: appendEos,
  };
  const kind = head === "classifier" ? { kind: "classify" } : {};
  const variant = (name: ModelName, model: string, engine: Engine): readonly [ModelName, unknown] => [
    name,
    { ...settings, engine: { ...engine, ...kind, model } },
  ];
  const own = engineOf(prove.engine);
  const asked = { template: prove.base_template ?? "rules", ...(context === null ? {} : { context }) };
  const quantized = made.get("quantize");
  const variants: readonly (readonly [ModelName, unknown])[] = [
    head === "classifier"
      ? ["base", { ...asked, engine: { ...engineOf(prove.base_engine), model: base } }]
      : [
          "base",
          {
            ...settings,
            ...(prove.base_template === undefined ? {} : { template: prove.base_template }),
            engine: { ...engineOf(prove.base_engine ?? prove.engine), model: base },
          },
        ],
    variant("merged", join(madeStage(made, "merge").path, MODEL), own),
    ...(quantized === undefined
      ? []
      : [variant("quantized", join(quantized.path, MODEL), engineOf(prove.quantized_engine ?? prove.engine))]),
  ];
  return {
    input: ROWS,
    run: "runs",
    orders: "one",
    seed,
    ...(date === null ? {} : { date }),
    variants: Object.fromEntries(variants),
  };
}

type Engine = Readonly<Record<string, unknown>>;

function engineOf(written: JudgeRecipe["prove"]["engine"]): Engine {
  return typeof written === "string" ? { profile: written } : { ...written };
}

/** Judges the rows with every model, and compares each with the one before it. */
async function compareModels(
  folder: string,
  heldOut: string,
  { prove, job }: JudgeRecipe,
  effects: Effects,
): Promise<{ readonly comparisons: readonly ProofStep[]; readonly served: ServedDifference | null }> {
  const file = join(folder, "prove.yaml");
  const comparison = await compareVariants({ file }, { ...effects, cwd: folder });
  if (comparison.kind !== "scores") throw new Error("the rows of a proof have labels");
  if (comparison.end !== "done") {
    throw new AbtieError(
      comparison.end === "interrupted" ? "interrupted" : "engine",
      `the proof ended before every row was judged (${comparison.end}): run the same command again to continue`,
    );
  }
  await using rows = await openDataset(join(folder, ROWS));
  const indexOf = new Map(rows.ids.map((id, index) => [id, index]));
  const [first] = comparison.assessments;
  if (first === undefined || rows.truth === null) throw new Error("a proof has a base model and labels");
  const common = Uint32Array.from(first.columns.ids, (id) => indexOf.get(id) ?? -1);
  const { truth } = labelsFor(first.raw.probabilities.classes, rows.truth);
  const measured = { truth: pickRows(truth, common), groups: common.map((row) => rows.groups[row] ?? 0) };
  const models: readonly ProvedModel[] = comparison.assessments.map(({ name, raw }) => ({
    name,
    probabilities: raw.probabilities,
  }));
  const comparisons = models.slice(1).flatMap((after, at) => {
    const before = models[at];
    if (before === undefined) return [];
    return [proveStep(before, after, measured, { limit: prove.largest_loss, seed: job.seed })];
  });
  const merged = comparison.assessments.find(({ name }) => name === "merged")?.columns;
  const served =
    merged === undefined || !(await exists(heldOut))
      ? null
      : await compareWithTraining(heldOut, { ids: merged.ids, readings: merged.readings.ab });
  return { comparisons, served };
}

/** Fits a calibration to the answers of the last model; gives its file in the folder of the proof, or why none was written. */
async function calibrateLast(
  folder: string,
  made: MadeStages,
  effects: Effects,
): Promise<{ readonly file: string | null; readonly refusal: string | null }> {
  const last: ModelName = made.has("quantize") ? "quantized" : "merged";
  const output = join(folder, "calibration.json");
  const { file, refusal } = await calibrateRun(
    { run: join(folder, "runs", last), output, labels: null, force: true },
    effects,
  );
  return { file: file === null ? null : basename(output), refusal };
}
