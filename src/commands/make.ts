import { join, resolve } from "node:path";
import { type ChainResult, runChain } from "../chain/run-chain.ts";
import type { ChainStage, StageName } from "../chain/stage.ts";
import { parseDeadline } from "../config/deadline.ts";
import type { Effects } from "../effects.ts";
import { readConfigJson } from "../engine/config-json.ts";
import { readShape } from "../engine/memory.ts";
import { AbtieError } from "../errors.ts";
import { programPath } from "../files/input-path.ts";
import { loadRecipe, type RecipeOverride } from "../training/load-recipe.ts";
import { estimateTraining, type TrainingMemory } from "../training/memory.ts";
import { countTrained, type TrainedParameters } from "../training/parameters.ts";
import type { ProofStep } from "../training/proof.ts";
import type { JudgeRecipe } from "../training/recipe.ts";
import { mergeStage } from "../training/stages/merge.ts";
import { prepareStage } from "../training/stages/prepare.ts";
import { quantizeStage } from "../training/stages/quantize.ts";
import { type MakeSettings, trainStage } from "../training/stages/train.ts";
import { writeMakeReport } from "./make-report.ts";
import { proveStage } from "./prove.ts";

export interface MakeOptions {
  /** Name of a shipped recipe, or a YAML file. */
  readonly recipe: string;
  readonly overrides?: readonly RecipeOverride[];
  /** Folder of the chain; default runs/NAME-OF-THE-RECIPE. */
  readonly folder?: string | null;
  /** The last stage that is run; default all. */
  readonly until?: StageName;
  /** Time by which the training ends with a usable model, as in a config; null: none. */
  readonly deadline?: string | null;
  /** Make stages again that were made of other inputs. */
  readonly force?: boolean;
  /** A Python for training and merging, and one for quantising; null: those of `abtie setup`. */
  readonly python?: string | null;
  readonly quantizePython?: string | null;
}

/** What a chain has made. */
export interface MakeResult extends ChainResult {
  readonly recipe: string;
  /** The comparisons of the proof; empty when there was none. */
  readonly proof: readonly ProofStep[];
  /** The page about the chain. */
  readonly report: string;
}

/** What a training needs, before it begins. */
export interface TrainingPlan {
  readonly recipe: string;
  readonly base: string;
  readonly parameters: TrainedParameters;
  readonly memory: TrainingMemory;
  /** Tokens of a prompt for which the memory was estimated. */
  readonly tokens: number;
}

/**
 * Makes a judge by a recipe: prepare, train, merge, quantize, prove. Stages that are done are not done again, and what was
 * interrupted continues. Throws AbtieError: config, data, engine, interrupted.
 */
export async function make(options: MakeOptions, effects: Effects): Promise<MakeResult> {
  const recipe = await loadRecipe(options.recipe, options.overrides ?? [], effects);
  const folder = chainFolder(options, recipe, effects);
  const purpose = options.until === "train" ? "abtie train" : "abtie make";
  const stages = stagesOf(recipe, options, effects);
  const result = await runChain(stages, { folder, purpose, force: options.force ?? false }, effects);
  const proof = result.stages.flatMap(({ facts: { comparisons } }) =>
    Array.isArray(comparisons) ? (comparisons as readonly ProofStep[]) : [],
  );
  const report = await writeMakeReport(recipe, result, proof, effects);
  return { ...result, recipe: recipe.file, proof, report };
}

/** Computes trained parameters and memory of a recipe from the config.json of its base. Throws AbtieError("config") without one. */
export async function planTraining(
  { recipe: path, overrides = [] }: Pick<MakeOptions, "recipe" | "overrides">,
  effects: Pick<Effects, "cwd" | "env">,
): Promise<TrainingPlan> {
  const recipe = await loadRecipe(path, overrides, effects);
  const found = await readConfigJson(recipe.base);
  if (found === null) {
    throw new AbtieError(
      "config",
      `${recipe.base} has no config.json: name the folder of the base model as \`base\` or with --base`,
    );
  }
  const shape = readShape(found.text, found.path);
  const { length: classes } = recipe.job.classes;
  const tokens = recipe.job.context ?? ASSUMED_TOKENS;
  return {
    recipe: recipe.file,
    base: recipe.base,
    parameters: countTrained(shape, { ...recipe, classes }),
    memory: estimateTraining(shape, recipe, { tokens, classes }),
    tokens,
  };
}

/** Tokens of a prompt where a recipe names no context. */
const ASSUMED_TOKENS = 2048;

function chainFolder({ folder }: MakeOptions, { name }: JudgeRecipe, { cwd }: Effects): string {
  return resolve(cwd, folder ?? join("runs", name));
}

/** Lists the stages of a recipe, up to the last one that is wanted. */
function stagesOf(recipe: JudgeRecipe, options: MakeOptions, effects: Effects): readonly ChainStage[] {
  const { python = null, quantizePython = null, deadline = null, until = "prove" } = options;
  const { cwd } = effects;
  const deadlineAt = deadline === null ? null : parseDeadline(deadline, effects.startedAt);
  const settings: MakeSettings = { python: programPath(cwd, python), deadlineAt };
  const { quantize } = recipe;
  const stages: readonly ChainStage[] = [
    prepareStage(recipe, effects),
    trainStage(recipe, settings, effects),
    mergeStage(recipe, settings, effects),
    ...(quantize === null
      ? []
      : [quantizeStage(quantize, { ...settings, python: programPath(cwd, quantizePython) }, effects)]),
    // What a model answers has no class that could be compared.
    ...(recipe.data.heldOut === null || recipe.head === "answer" ? [] : [proveStage(recipe, effects)]),
  ];
  const last = stages.findIndex(({ name }) => name === until);
  return last < 0 ? stages : stages.slice(0, last + 1);
}
