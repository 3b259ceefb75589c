import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import type { Config } from "../config/config.ts";
import type { JudgeChoice } from "../config/judges.ts";
import { loadConfig } from "../config/load.ts";
import type { Override } from "../config/merge.ts";
import type { Places } from "../config/normalize.ts";
import { secretsOf } from "../config/secrets-of.ts";
import type { Effects } from "../effects.ts";
import { AbtieError } from "../errors.ts";
import { exists } from "../files/exists.ts";
import { findClasses } from "../judge/classes.ts";
import { enginePython, locateHome } from "../setup/home.ts";

export type { Override } from "../config/merge.ts";

/**
 * The root of the package, which holds launch/ and prompts/. The path works from src/job and from dist/job, because both are
 * equally deep.
 */
const PACKAGE_ROOT = resolve(dirname(fileURLToPath(import.meta.url)), "../..");
/** The folder with the shipped templates. */
export const SHIPPED_TEMPLATES = resolve(PACKAGE_ROOT, "prompts");
const DEFAULT_CONFIG = "abtie.yaml";

/**
 * Loads the config of a command: from the named file, otherwise from ./abtie.yaml if it exists, otherwise from the flags alone.
 * `runSuffix` ends the name of the usual run folder; `choice` asks for one of two judges. Throws an AbtieError("config") that lists every problem.
 */
export async function openConfig(
  path: string | null,
  overrides: readonly Override[],
  effects: Pick<Effects, "cwd" | "env" | "redactor">,
  { runSuffix = "", choice }: { readonly runSuffix?: string; readonly choice?: JudgeChoice | undefined } = {},
): Promise<Config> {
  const file = await findConfig(path, effects);
  if (file === null && overrides.every(({ set }) => Object.keys(set).length === 0)) {
    throw new AbtieError(
      "config",
      `no config: name a YAML file, or have ./${DEFAULT_CONFIG}, or give -i and --base-url`,
    );
  }
  const config = await loadConfig(file, overrides, { ...configPlaces(effects), runSuffix }, choice);
  effects.redactor.add(secretsOf(config));
  return config;
}

/** Gives the folders and programs of this machine that a config depends on. */
export function configPlaces({ cwd, env }: Pick<Effects, "cwd" | "env">): Places {
  const home = locateHome(env);
  return { cwd, packageRoot: PACKAGE_ROOT, home, python: enginePython(home), env, findClasses };
}

/** Finds the config file of a command: the named file, otherwise ./abtie.yaml if it exists; null when there is none. */
export async function findConfig(path: string | null, { cwd }: Pick<Effects, "cwd">): Promise<string | null> {
  if (path !== null) return path;
  return (await exists(resolve(cwd, DEFAULT_CONFIG))) ? DEFAULT_CONFIG : null;
}
