import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { isAbsolute, join, resolve } from "node:path";
import { type Flavour, PINS, RECIPE } from "./pins.ts";

type Env = Readonly<Record<string, string | undefined>>;

/** The file that is written last into everything setup makes: where it is, the thing is whole. */
export const MARK_FILE = "complete.json";

/** Locates the folder that setup fills and all checkouts share: ABTIE_HOME, else XDG_CACHE_HOME/abtie, else ~/.cache/abtie. */
export function locateHome(env: Env): string {
  const own = env["ABTIE_HOME"];
  if (own !== undefined && own !== "") return resolve(own);
  const cache = env["XDG_CACHE_HOME"];
  // The XDG specification says that a relative path is to be ignored.
  if (cache !== undefined && isAbsolute(cache)) return join(cache, "abtie");
  return join(env["HOME"] || homedir(), ".cache", "abtie");
}

/** Names the interpreter of the vLLM that setup installed: the CUDA build where that is whole, else the CPU build, there or not. */
export function enginePython(home: string): string {
  const hasCuda = existsSync(join(engineFolder(home, "cuda"), MARK_FILE));
  return pythonOf(engineFolder(home, hasCuda ? "cuda" : "cpu"));
}

/** Names the folder of one build of vLLM; the number of the recipe keeps checkouts of different versions apart. */
export function engineFolder(home: string, flavour: Flavour): string {
  return join(home, "engines", `vllm-${PINS.vllm}-${flavour}-r${RECIPE[flavour]}`);
}

/** Names the folder of the model that the demo uses; launch/cpu-smollm2.yaml has the same path. */
export function modelFolder(home: string): string {
  return join(home, "models", PINS.model);
}

/** Names the folder of the installer. */
export function uvFolder(home: string): string {
  return join(home, "tools", `uv-${PINS.uv}`);
}

/** Names the interpreter of a virtual environment. */
export function pythonOf(folder: string): string {
  return join(folder, "bin", "python");
}
