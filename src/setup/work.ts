import type { Clock, Log } from "../types.ts";

/** What setup is told and may use of the outside world. */
export interface SetupOptions {
  /** Folder that is filled, see locateHome. */
  readonly home: string;
  /** Python to build on; default the first fitting one on the PATH. Counts only when something is installed. */
  readonly python?: string;
  /** Which build of vLLM; default "auto": CUDA where nvidia-smi lists a GPU. */
  readonly gpu?: "auto" | "cpu" | "cuda";
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  readonly log: Log;
  readonly progress: (step: SetupStep) => void;
  readonly signal: AbortSignal;
}

/** How far setup is: the step, and what it does at the moment. */
export interface SetupStep {
  readonly name: "python" | "uv" | "vllm" | "check" | "model" | "wait";
  readonly text: string;
}

/** What the steps of one setup share. */
export interface Work {
  readonly home: string;
  /** The whole environment of the tools. */
  readonly env: Readonly<Record<string, string>>;
  readonly clock: Clock;
  readonly progress: (step: SetupStep) => void;
  readonly signal: AbortSignal;
  /** Takes the full output of every tool. */
  readonly logFile: string;
}
