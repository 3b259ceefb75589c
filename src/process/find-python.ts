import { execa } from "execa";
import { AbtieError } from "../errors.ts";

/** A Python interpreter from which a virtual environment can be made. */
export interface Python {
  /** Path of the interpreter itself, not of a shim or symbolic link to it. */
  readonly path: string;
  readonly version: string;
}

/** The requirements for a Python interpreter. */
export interface PythonWanted {
  /** Accepted versions, ascending: ["3.11", "3.12"]. */
  readonly versions: readonly [string, ...string[]];
  /** The program that needs Python, for messages: "vLLM 0.32.0". */
  readonly neededBy: string;
  /** The only Python to try; undefined: tries python3, and pythonX.Y for each version, on the PATH. */
  readonly given: string | undefined;
}

/** A command that was tried. */
interface Tried {
  readonly command: string;
  /** The version that the command printed; null when the command cannot be started. */
  readonly version: string | null;
  readonly path: string;
  readonly hasVenv: boolean;
}

/**
 * Finds the first Python of a fitting version that has venv and ensurepip. Throws an AbtieError("engine") that lists every command tried
 * and names the package to install.
 */
export async function findPython(
  wanted: PythonWanted,
  env: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<Python> {
  const { given, versions } = wanted;
  const commands = given === undefined ? ["python3", ...versions.map((version) => `python${version}`)] : [given];
  const tried: Tried[] = [];
  for (const command of commands) {
    const found = await tryPython(command, env, signal);
    if (found.hasVenv && fits(found, wanted)) return { path: found.path, version: found.version };
    tried.push(found);
  }
  throw noPython(tried, wanted);
}

const PROBE = `import json, sys
try:
    import ensurepip, venv
    has_venv = True
except ImportError:
    has_venv = False
print(json.dumps([sys.executable, "%d.%d.%d" % sys.version_info[:3], has_venv]))`;
const PROBE_LIMIT_MS = 30_000;

async function tryPython(command: string, env: Readonly<Record<string, string>>, signal: AbortSignal): Promise<Tried> {
  const result = await execa(command, ["-c", PROBE], {
    env,
    extendEnv: false,
    reject: false,
    timeout: PROBE_LIMIT_MS,
    cancelSignal: signal,
  });
  signal.throwIfAborted();
  const missing: Tried = { command, version: null, path: command, hasVenv: false };
  if (result.failed) return missing;
  try {
    const [path, version, hasVenv] = JSON.parse(result.stdout) as [string, string, boolean];
    return { command, path, version, hasVenv };
  } catch {
    return missing;
  }
}

function fits(tried: Tried, { versions }: PythonWanted): tried is Tried & { version: string } {
  return versions.some((wanted) => tried.version?.startsWith(`${wanted}.`));
}

function noPython(tried: readonly Tried[], wanted: PythonWanted): AbtieError {
  const { versions, neededBy } = wanted;
  const range = `${versions[0]} to ${versions.at(-1)}`;
  const withoutVenv = tried.find((one) => fits(one, wanted));
  if (withoutVenv !== undefined) {
    const { version, path } = withoutVenv;
    const debian = `python${version?.split(".").slice(0, 2).join(".")}-venv`;
    return new AbtieError(
      "engine",
      `Python ${version} (${path}) cannot make virtual environments: its modules venv and ensurepip are missing. Install them ` +
        `(Debian and Ubuntu: apt install python3-venv, or ${debian}), or name another Python ${range} with --python.`,
    );
  }
  const list = tried.map(({ command, version }) => `${command} is ${version ?? "missing"}`).join(", ");
  return new AbtieError(
    "engine",
    `no Python ${range} was found (${list}): ${neededBy} needs one. Install it (Debian 12: apt install python3 python3-venv), ` +
      "or name one with --python.",
  );
}
