import { delimiter } from "node:path";
import { execa } from "execa";
import type { Effects } from "../effects.ts";
import { pythonEnv } from "../process/python-env.ts";
import { enginePython, layerFolder, locateHome } from "../setup/home.ts";
import { ensurePeft } from "../setup/merge-adapter.ts";
import { setupEffects } from "../setup/setup.ts";

/** A Python that can train, and the variables that it needs. */
export interface TrainingPython {
  readonly command: string;
  readonly env: Readonly<Record<string, string>>;
}

/**
 * Finds the Python of a training: the given one, else that of `abtie setup`, beside which peft is installed. Throws
 * AbtieError("engine") when there is none.
 */
export async function findTrainingPython(
  given: string | null,
  effects: Pick<Effects, "env" | "clock" | "log" | "signal" | "progress">,
): Promise<TrainingPython> {
  if (given !== null) return { command: given, env: {} };
  const home = locateHome(effects.env);
  const command = enginePython(home);
  await ensurePeft(command, setupEffects(effects));
  // A layer that is not installed is a folder that does not exist, which Python passes over.
  const layers = [layerFolder(home, "peft"), layerFolder(home, "training")];
  return { command, env: { PYTHONPATH: layers.join(delimiter) } };
}

const GPU_LIST_MS = 20_000;

/** Counts the GPUs to train on: as many as the recipe says, else those of CUDA_VISIBLE_DEVICES, else all that nvidia-smi lists, at least 1. */
export async function countDevices(
  wanted: number | "auto",
  { env, signal }: Pick<Effects, "env" | "signal">,
): Promise<number> {
  if (wanted !== "auto") return wanted;
  const visible = env["CUDA_VISIBLE_DEVICES"];
  if (visible !== undefined && visible !== "") return visible.split(",").length;
  const options = {
    env: pythonEnv(env),
    extendEnv: false,
    reject: false,
    timeout: GPU_LIST_MS,
    cancelSignal: signal,
  } as const;
  const { failed, stdout } = await execa("nvidia-smi", ["-L"], options);
  return failed ? 1 : Math.max(1, (stdout.match(/^GPU \d+:/gm) ?? []).length);
}
