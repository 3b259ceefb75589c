import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { explainFileError } from "../files/explain.ts";
import { withLock } from "../files/lock.ts";
import { findPython, type Python } from "../process/find-python.ts";
import { readPipSettings } from "../process/pip-settings.ts";
import { toolEnv } from "../process/tool-env.ts";
import { removeLeftovers } from "./build-folder.ts";
import { chooseFlavour } from "./flavour.ts";
import { engineFolder, modelFolder, pythonOf, uvFolder } from "./home.ts";
import { installEngine } from "./install-engine.ts";
import { installModel } from "./install-model.ts";
import { installUv, UV_RECIPE } from "./install-uv.ts";
import { isWhole } from "./mark.ts";
import { type Flavour, PINS, RECIPE } from "./pins.ts";
import type { SetupOptions, SetupStep, Work } from "./work.ts";

export type { SetupOptions, SetupStep } from "./work.ts";

/** What is installed, and what of it this call did. */
export interface Setup {
  readonly home: string;
  /** Interpreter of the environment that holds vLLM. */
  readonly python: string;
  readonly vllm: { readonly version: string; readonly flavour: Flavour };
  /** Folder of the model. */
  readonly model: string;
  /** What was installed by this call, in order; empty when everything was there. */
  readonly installed: readonly string[];
  /** Full output of every tool; null when none ran. */
  readonly logFile: string | null;
}

/**
 * Installs vLLM for this machine and a small model into a folder that all checkouts share, and does nothing for what is there. May be
 * killed at any moment and run several times at once. Throws AbtieError("engine") with cause, remedy and the end of the
 * tool's output; AbtieError("data") when the folder cannot be written; the signal's reason when it aborts.
 */
export async function setup(options: SetupOptions): Promise<Setup> {
  const { home, clock, log, progress, signal } = options;
  signal.throwIfAborted();
  const flavour = await chooseFlavour(options);
  if ((await listMissing(home, flavour)).length === 0) return describe(home, flavour, [], null);
  await mkdir(home, { recursive: true }).catch((error: unknown) => {
    throw explainFileError("create", home, error);
  });
  const onWait = (holder: string): void => {
    log("info", `another setup is at work: ${holder}`);
    progress({ name: "wait", text: `for ${holder}` });
  };
  const wait = { sleep: clock.sleep, signal, onWait };
  return withLock(join(home, "setup.lock"), { purpose: "abtie setup", wait }, async (lost) => {
    const missing = await listMissing(home, flavour);
    if (missing.length === 0) return describe(home, flavour, [], null);
    await removeLeftovers(home);
    const stamp = new Date(clock.now()).toISOString().replace(/[:.]/g, "-");
    const logFile = join(home, "logs", `setup-${stamp}.log`);
    const work: Work = {
      home,
      clock,
      progress,
      logFile,
      env: toolEnv(options.env),
      signal: AbortSignal.any([signal, lost]),
    };
    const installed = await install(work, missing, flavour, options);
    return describe(home, flavour, installed, logFile);
  });
}

type Part = "uv" | "vllm" | "model";

/** Lists what is not there yet, in the order in which it must be made. */
async function listMissing(home: string, flavour: Flavour): Promise<readonly Part[]> {
  const engine = await isWhole(engineFolder(home, flavour), RECIPE[flavour], join("bin", "python"));
  const model = await isWhole(modelFolder(home), RECIPE.model, "tokenizer.json");
  if (engine && model) return [];
  const uv = await isWhole(uvFolder(home), UV_RECIPE, join("bin", "python"));
  return [...(uv ? [] : ["uv" as const]), ...(engine ? [] : ["vllm" as const]), ...(model ? [] : ["model" as const])];
}

async function install(
  given: Work,
  missing: readonly Part[],
  flavour: Flavour,
  { python, log, progress, clock }: SetupOptions,
): Promise<readonly string[]> {
  const installed: string[] = [];
  const step = async (name: SetupStep["name"], what: string, make: () => Promise<void>): Promise<void> => {
    const start = clock.monotonic();
    log("info", `installing ${what} into ${given.home}`);
    await make();
    progress({ name, text: `${what} installed in ${Math.round((clock.monotonic() - start) / 1000)} s` });
    installed.push(what);
  };

  const base = missing.includes("uv") || missing.includes("vllm") ? await choosePython(given, python, progress) : null;
  if (base !== null && missing.includes("uv")) await step("uv", `uv ${PINS.uv}`, () => installUv(given, base));
  const pip = await readPipSettings(pythonOf(uvFolder(given.home)), given.env, given.signal);
  const work: Work = { ...given, env: { ...given.env, ...pip } };
  if (base !== null && missing.includes("vllm")) {
    await step("vllm", `vLLM ${PINS.vllm} (${flavour})`, () => installEngine(work, base, flavour));
  }
  if (missing.includes("model")) {
    await step("model", PINS.model, () => installModel(work, engineFolder(work.home, flavour)));
  }
  return installed;
}

async function choosePython(
  work: Work,
  given: string | undefined,
  progress: SetupOptions["progress"],
): Promise<Python> {
  progress({ name: "python", text: "looking for Python" });
  const found = await findPython(given, work.env, work.signal);
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
