import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { isAbsolute, join, resolve } from "node:path";
import { type Flavour, PINS, RECIPE } from "./pins.ts";

/** Setup writes this file last into each folder that it makes, so a folder with this file is complete. */
export const MARK_FILE = "complete.json";

/**
 * Locates the folder that setup fills. All checkouts share it: ABTIE_HOME, else XDG_CACHE_HOME/abtie, else
 * ~/.cache/abtie.
 */
export function locateHome(env: Readonly<Record<string, string | undefined>>): string {
  const own = env["ABTIE_HOME"];
  if (own !== undefined && own !== "") return resolve(own);
  const cache = env["XDG_CACHE_HOME"];
  // The XDG specification demands that a relative path is ignored.
  if (cache !== undefined && isAbsolute(cache)) return join(cache, "abtie");
  return join(env["HOME"] || homedir(), ".cache", "abtie");
}

/**
 * Locates the Python interpreter of vLLM: that of the CUDA build if this build is complete, else that of the CPU build,
 * whether it is installed or not.
 */
export function enginePython(home: string): string {
  const hasCuda = existsSync(join(engineFolder(home, "cuda"), MARK_FILE));
  return pythonOf(engineFolder(home, hasCuda ? "cuda" : "cpu"));
}

/**
 * Locates the folder of one build of vLLM. The folder name contains the recipe number, so that checkouts of different
 * versions can share a home.
 */
export function engineFolder(home: string, flavour: Flavour): string {
  return join(home, "engines", `vllm-${PINS.vllm}-${flavour}-r${RECIPE[flavour]}`);
}

/** Locates the folder of the demo's model. launch/engines/cpu-smollm2.yaml contains the same path. */
export function modelFolder(home: string): string {
  return join(home, "models", PINS.model);
}

/** Locates the folder into which uv, the installer, is installed. */
export function uvFolder(home: string): string {
  return join(home, "tools", `uv-${PINS.uv}`);
}

/** Locates the folder with peft, which is laid over the environment of vLLM. */
export function peftFolder(home: string): string {
  return join(home, "tools", `peft-${PINS.peft}`);
}

/** Locates the interpreter that quantises models: it has an environment of its own. */
export function quantizerPython(home: string): string {
  return pythonOf(join(home, "tools", "quantizer"));
}

/** Locates the interpreter of a virtual environment. */
export function pythonOf(folder: string): string {
  return join(folder, "bin", "python");
}
