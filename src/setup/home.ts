import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { basename, dirname, isAbsolute, join, resolve } from "node:path";
import { type Flavour, type Layer, PINS, RECIPE } from "./pins.ts";

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

/** Locates a folder with packages that are laid over the environment of vLLM. */
export function layerFolder(home: string, layer: Layer): string {
  const names = { peft: `peft-${PINS.peft}`, training: `training-r${RECIPE.training}` } satisfies Record<Layer, string>;
  return join(home, "tools", names[layer]);
}

/** Locates the environment that quantises models, which takes torch and other packages from the folder `engine` of vLLM. */
export function quantizerFolder(home: string, engine: string): string {
  return join(home, "tools", `quantizer-r${RECIPE.quantizer}-${basename(engine)}`);
}

/** Locates the interpreter that quantises models, whether it is installed or not. */
export function quantizerPython(home: string): string {
  const engine = dirname(dirname(enginePython(home)));
  return pythonOf(quantizerFolder(home, engine));
}

/** Locates the interpreter of a virtual environment. */
export function pythonOf(folder: string): string {
  return join(folder, "bin", "python");
}
