import { execa } from "execa";
import type { Flavour } from "./pins.ts";
import type { SetupOptions } from "./work.ts";

const LIMIT_MS = 20_000;

/** Chooses the build of vLLM: the one asked for, else CUDA where nvidia-smi lists a GPU, else CPU. */
export async function chooseFlavour(options: Pick<SetupOptions, "gpu" | "env" | "signal">): Promise<Flavour> {
  const { gpu = "auto", env, signal } = options;
  if (gpu !== "auto") return gpu;
  const result = await execa("nvidia-smi", ["-L"], {
    env,
    extendEnv: false,
    reject: false,
    timeout: LIMIT_MS,
    cancelSignal: signal,
  });
  signal.throwIfAborted();
  return !result.failed && /^GPU \d+:/m.test(result.stdout) ? "cuda" : "cpu";
}
