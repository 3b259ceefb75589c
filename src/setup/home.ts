import { homedir } from "node:os";
import { join, resolve } from "node:path";

/** Finds the folder that the engine and the model are installed into: ABTIE_HOME, else abtie/ in the user's cache folder (XDG). */
export function locateHome(env: Readonly<Record<string, string | undefined>>): string {
  const own = env["ABTIE_HOME"];
  if (own !== undefined && own !== "") return resolve(own);
  const cache = env["XDG_CACHE_HOME"];
  return join(cache !== undefined && cache !== "" ? cache : join(env["HOME"] ?? homedir(), ".cache"), "abtie");
}

/** The interpreter of abtie's own vLLM installation, whether it is there or not. */
export function enginePython(home: string): string {
  return join(home, "venv/bin/python");
}
