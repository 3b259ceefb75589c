import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Effects } from "../effects.ts";
import { explainFileError } from "../files/explain.ts";
import { withLock } from "../files/lock.ts";
import { findPython, type Python } from "../process/find-python.ts";
import { pythonEnv } from "../process/python-env.ts";
import type { Clock, Log } from "../types.ts";
import { engineFolder, locateHome, modelFolder, pythonOf, uvFolder } from "./home.ts";
import { chooseFlavour, installEngine } from "./install-engine.ts";
import { hasLayer, installLayer } from "./install-layer.ts";
import { installModel } from "./install-model.ts";
import { hasQuantizer, installQuantizer } from "./install-quantizer.ts";
import { installUv, UV_RECIPE } from "./install-uv.ts";
import { type Flavour, PINS, RECIPE } from "./pins.ts";
import { readPipSettings } from "./pip-settings.ts";
import type { SetupContext, SetupStep } from "./step.ts";
import { isWhole, removeLeftovers } from "./whole-folder.ts";

export type { SetupStep } from "./step.ts";

/** The options of setup, and the clock, streams and other effects that it may use. */
export interface SetupOptions {
  /** The folder that is filled, see locateHome. */
  readonly home: string;
  /** The Python to install with; default: the first fitting one on the PATH. Used only if a part must be installed. */
  readonly python?: string;
  /** The build of vLLM. "auto", the default, is CUDA if nvidia-smi lists a GPU, else CPU. */
  readonly gpu?: "auto" | Flavour;
  /** Also install what trains and quantises judges; default false. */
  readonly train?: boolean;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  readonly log: Log;
  readonly progress: (step: SetupStep) => void;
  readonly signal: AbortSignal;
}

/** Gives what setup and merge use of a command's effects. */
export function setupEffects({
  env,
  clock,
  log,
  signal,
  progress,
}: Pick<Effects, "env" | "clock" | "log" | "signal" | "progress">): Omit<SetupOptions, "python" | "gpu" | "train"> {
  return {
    home: locateHome(env),
    env,
    clock,
    log,
    signal,
    progress: ({ name, text }) => progress({ stage: "step", name, text }),
  };
}

/** The installed parts, and which of them this call installed. */
export interface Setup {
  readonly home: string;
  /** Python interpreter of the environment that contains vLLM. */
  readonly python: string;
  readonly vllm: { readonly version: string; readonly flavour: Flavour };
  /** Folder of the model. */
  readonly model: string;
  /** The parts that this call installed, in order; empty when every part was installed before. */
  readonly installed: readonly string[];
  /** File with the full output of every tool; null when no tool ran. */
  readonly logFile: string | null;
}

/**
 * Installs vLLM for this machine and a small model into a folder that all checkouts share. Skips parts that are already
 * installed. It may be killed at any moment, and several processes may run it at the same time. Throws an
 * AbtieError("engine") with the cause, a remedy and the end of the tool's output; AbtieError("data") when the folder
 * cannot be written; the signal's reason when it aborts.
 */
export async function setup(options: SetupOptions): Promise<Setup> {
  const { home, clock, log, progress, signal } = options;
  signal.throwIfAborted();
  const flavour = await chooseFlavour(options);
  if ((await listMissing(home, flavour, options)).length === 0) return describe(home, flavour, [], null);
  await mkdir(home, { recursive: true }).catch((error: unknown) => {
    throw explainFileError("create", home, error);
  });
  const onWait = (holder: string): void => {
    log("info", `another setup is running: ${holder}`);
    progress({ name: "wait", text: `for ${holder}` });
  };
  const waiting = { purpose: "abtie setup", clock, signal, wait: { onWait } };
  return withLock(join(home, "setup.lock"), waiting, async (lost) => {
    const missing = await listMissing(home, flavour, options);
    if (missing.length === 0) return describe(home, flavour, [], null);
    await removeLeftovers(home);
    const stamp = new Date(clock.now()).toISOString().replace(/[:.]/g, "-");
    const logFile = join(home, "logs", `setup-${stamp}.log`);
    const work: SetupContext = {
      home,
      clock,
      progress,
      logFile,
      env: pythonEnv(options.env),
      signal: AbortSignal.any([signal, lost]),
    };
    const installed = await install(work, missing, flavour, options);
    return describe(home, flavour, installed, logFile);
  });
}

type Part = "uv" | "vllm" | "model" | "peft" | "training" | "quantizer";

/** Lists the parts that are not installed yet, in the order in which they must be installed. */
async function listMissing(
  home: string,
  flavour: Flavour,
  { train = false }: Pick<SetupOptions, "train">,
): Promise<readonly Part[]> {
  const engine = await isWhole(engineFolder(home, flavour), RECIPE[flavour], join("bin", "python"));
  const model = await isWhole(modelFolder(home), RECIPE.model, "tokenizer.json");
  const training: Part[] = [];
  if (train) {
    if (!(await hasLayer(home, "peft"))) training.push("peft");
    if (!(await hasLayer(home, "training"))) training.push("training");
    if (!(await hasQuantizer(home, engineFolder(home, flavour)))) training.push("quantizer");
  }
  if (engine && model && training.length === 0) return [];
  const uv = await isWhole(uvFolder(home), UV_RECIPE, join("bin", "python"));
  return [
    ...(uv ? [] : ["uv" as const]),
    ...(engine ? [] : ["vllm" as const]),
    ...(model ? [] : ["model" as const]),
    ...training,
  ];
}

async function install(
  given: SetupContext,
  missing: readonly Part[],
  flavour: Flavour,
  { python, log, progress, clock }: SetupOptions,
): Promise<readonly string[]> {
  const installed: string[] = [];
  const step = async (name: SetupStep["name"], part: string, make: () => Promise<void>): Promise<void> => {
    const start = clock.monotonic();
    log("info", `installing ${part} into ${given.home}`);
    await make();
    progress({ name, text: `${part} installed in ${Math.round((clock.monotonic() - start) / 1000)} s` });
    installed.push(part);
  };

  const needsPython = missing.includes("uv") || missing.includes("vllm");
  const base = needsPython ? await choosePython(given, python) : null;
  if (base !== null && missing.includes("uv")) await step("uv", `uv ${PINS.uv}`, () => installUv(given, base));
  const pip = await readPipSettings(pythonOf(uvFolder(given.home)), given.env, given.signal);
  const work: SetupContext = { ...given, env: { ...given.env, ...pip } };
  if (base !== null && missing.includes("vllm")) {
    await step("vllm", `vLLM ${PINS.vllm} (${flavour})`, () => installEngine(work, base, flavour));
  }
  if (missing.includes("model")) {
    await step("model", PINS.model, () => installModel(work, engineFolder(work.home, flavour)));
  }
  const engine = engineFolder(work.home, flavour);
  if (missing.includes("peft"))
    await step("peft", `peft ${PINS.peft}`, () => installLayer(work, pythonOf(engine), "peft"));
  if (missing.includes("training")) {
    await step("training", `bitsandbytes ${PINS.bitsandbytes}`, () => installLayer(work, pythonOf(engine), "training"));
  }
  if (missing.includes("quantizer")) {
    await step("quantizer", `llmcompressor ${PINS.llmcompressor}`, () => installQuantizer(work, engine));
  }
  return installed;
}

async function choosePython({ env, signal, progress }: SetupContext, given: string | undefined): Promise<Python> {
  progress({ name: "python", text: "looking for Python" });
  const wanted = { versions: PINS.pythons, neededBy: `vLLM ${PINS.vllm}`, given };
  const found = await findPython(wanted, env, signal);
  progress({ name: "python", text: `Python ${found.version} at ${found.path}` });
  return found;
}

function describe(home: string, flavour: Flavour, installed: readonly string[], logFile: string | null): Setup {
  return {
    home,
    python: pythonOf(engineFolder(home, flavour)),
    vllm: { version: PINS.vllm, flavour },
    model: modelFolder(home),
    installed,
    logFile,
  };
}
