import type { Config } from "../config/config.ts";
import { usableCores } from "../pool/machine-cores.ts";
import { NO_THREADS, type PreparingThreads, startPreparingThreads } from "../prompt/threads/threads.ts";

/** Where the engine of a job computes. */
export type EnginePlace =
  /** A server on the processors of this machine, started by abtie. */
  | "these-cores"
  /** A server on the GPUs of this machine, started by abtie. */
  | "this-machine"
  /** A server that runs already. */
  | "elsewhere";

/** With more threads the main thread, which reads rows and sends requests, is the limit. */
const MOST_THREADS = 4;
/** Cores for the two busy processes of a server on GPUs: its engine and its API. */
const SERVER_CORES = 2;

/** The main thread has prepared fewer rows than these before another one has loaded its tokenizer. */
const FEWEST_ROWS = 1_000;

/** Starts the threads that prepare the rows of a job. `place` is where its engine computes, "elsewhere" when none runs. */
export async function openPreparingThreads(
  { engine }: Pick<Config, "engine">,
  rows: number,
  place: EnginePlace = placeOf(engine),
): Promise<PreparingThreads> {
  if (rows < FEWEST_ROWS) return NO_THREADS;
  return startPreparingThreads(countThreads((await usableCores()).length, place));
}

/**
 * Decides how many threads prepare rows, from the number of cores that abtie may use: all but the one of the main thread and those that
 * the engine needs, at most 4. None where the engine computes on these cores, since each prompt would cost it the time.
 */
export function countThreads(cores: number, place: EnginePlace): number {
  switch (place) {
    case "these-cores":
      return 0;
    case "this-machine":
      return clamp(cores - 1 - SERVER_CORES);
    case "elsewhere":
      return clamp(cores - 1);
    default:
      return place satisfies never;
  }
}

/** vLLM's variables for a server on processors begin so. */
const ON_PROCESSORS = "VLLM_CPU_";

function placeOf(engine: Config["engine"]): EnginePlace {
  if (engine.kind === "attach") return "elsewhere";
  return Object.keys(engine.env).some((name) => name.startsWith(ON_PROCESSORS)) ? "these-cores" : "this-machine";
}

function clamp(threads: number): number {
  return Math.max(0, Math.min(MOST_THREADS, threads));
}
