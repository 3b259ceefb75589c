import { dirname, join } from "node:path";
import type { StageOutcome } from "../chain/stage.ts";
import type { Effects } from "../effects.ts";
import { AbtieError } from "../errors.ts";
import { writeAtomic } from "../files/atomic.ts";
import { explainFailure } from "../process/explain-failure.ts";
import { pythonEnv } from "../process/python-env.ts";
import { programRefusal } from "../process/refusal.ts";
import { runTool, type Tool, type ToolResult } from "../process/run-tool.ts";
import { launchFile } from "../setup/pins.ts";
import { nextTrainingState, readTrainingEvent, SILENT, trainingProgress } from "./progress.ts";
import type { TrainingPython } from "./python.ts";
import { type JudgeRecipe, trainingPart } from "./recipe.ts";

export interface TrainRequest {
  readonly recipe: JudgeRecipe;
  /** Folder that `abtie prepare` has made. */
  readonly data: string;
  /** Folder of the training; what an earlier session has left there is continued. */
  readonly out: string;
  /** File for the whole output of the program. */
  readonly logFile: string;
  readonly python: TrainingPython;
  /** The training ends by then with a model that can be used, ms since 1970; null: no deadline. */
  readonly deadlineAt: number | null;
  /** Number of GPUs to train on; 1 also stands for a machine without any. */
  readonly devices: number;
}

export type TrainEffects = Pick<Effects, "clock" | "env" | "signal" | "progress" | "log">;

/** The recipe as the training program reads it, in the folder of the chain. */
export const TRAIN_FILE = "train.json";

/** Longest time of a training: nearly the longest timer that Node has. */
const LIMIT_MS = 24 * 86_400_000;
/** Time between the request to end and the kill: a checkpoint of a large optimiser must be written. */
const GRACE_MS = 300_000;

/**
 * Trains a judge with launch/python/train_judge.py, or continues a training. Shows steps, losses, speed and end. When the signal
 * aborts, the program saves a checkpoint and ends. Throws AbtieError: config (the program refuses its folders or settings), engine (it
 * failed), interrupted.
 */
export async function trainJudge(request: TrainRequest, effects: TrainEffects): Promise<StageOutcome> {
  const { recipe, data, out, logFile, python, deadlineAt, devices } = request;
  const { clock, signal, progress } = effects;
  const recipeFile = join(dirname(out), TRAIN_FILE);
  await writeAtomic(recipeFile, `${JSON.stringify(trainingPart(recipe), null, 2)}\n`);
  const seconds = deadlineAt === null ? null : Math.max(0, (deadlineAt - clock.now()) / 1000);
  if (seconds === 0)
    throw new AbtieError("interrupted", "the deadline has passed before the training began: give a later one");
  const program = launchFile("train_judge.py");
  const tool: Tool = {
    title: "train the judge",
    command: python.command,
    args: [
      ...(devices > 1 ? ["-m", "torch.distributed.run", "--nproc-per-node", String(devices), program] : [program]),
      ...[data, recipeFile, out, "--resume"],
      ...(seconds === null ? [] : ["--deadline", seconds.toFixed(0)]),
    ],
    env: python.env,
    limitMs: LIMIT_MS,
    graceMs: GRACE_MS,
  };
  let state = SILENT;
  const show = (): void =>
    progress(trainingProgress(state, { monotonic: clock.monotonic(), now: clock.now(), deadlineAt }));
  const result = await runTool(tool, {
    folder: dirname(out),
    env: pythonEnv(effects.env),
    logFile,
    clock,
    signal,
    returnsAborted: true,
    onProgress: show,
    summarizeLine: (line) => {
      const event = readTrainingEvent(line);
      if (event === null) return null;
      state = nextTrainingState(state, event, clock.monotonic());
      if ("progress" in event || "held_out" in event) show();
      return null;
    },
  });
  if (result.ok) {
    const { step, heldOut, parameters, stopped } = state;
    if (stopped !== null)
      effects.log(
        "warn",
        `the training was stopped by the deadline at step ${step?.step ?? 0} of ${step?.of ?? 0}: run it again to go on`,
      );
    return { stopped, facts: { steps: step?.step ?? 0, of: step?.of ?? 0, heldOut, parameters } };
  }
  if (signal.aborted) throw interruptedAt(result, state.step?.step ?? null);
  const refusal = programRefusal(result);
  if (refusal !== null) throw new AbtieError("config", `${refusal} (the output is in ${logFile})`);
  throw explainFailure(tool, result, { causes: CAUSES, next: "Run the same command again: it continues.", logFile });
}

const CAUSES = [
  {
    pattern: /No module named '(torch|transformers|peft|accelerate|bitsandbytes|tensorboard)'/,
    text: "this Python lacks a package that training needs; install it with `abtie setup --train`, or name another Python with --python",
  },
  {
    pattern: /CUDA out of memory|OutOfMemoryError/,
    text: "the memory of the GPU is too small; take a smaller training.batch with more training.accumulation, a smaller data.context, or load.bits: 4",
  },
];

function interruptedAt({ status }: ToolResult, step: number | null): AbtieError {
  const saved = status === 130 ? "a checkpoint was saved" : "it was killed before it had saved a checkpoint";
  return new AbtieError(
    "interrupted",
    `the training was interrupted${step === null ? "" : ` at step ${step}`}, and ${saved}: run the same command again to continue`,
  );
}
