import { execa } from "execa";
import { AbtieError } from "../errors.ts";
import { PINS } from "../setup/pins.ts";

/** A Python that an environment can be made from. */
export interface Python {
  /** Its own path, not that of a shim or link that led to it. */
  readonly path: string;
  readonly version: string;
}

/** What a candidate turned out to be. */
interface Tried {
  readonly command: string;
  /** Null when it cannot be started. */
  readonly version: string | null;
  readonly path: string;
  readonly hasVenv: boolean;
}

/**
 * Finds the first Python of a fitting version with venv and ensurepip: the given one, else python3 and the versioned names on the PATH.
 * Throws AbtieError("engine") that lists what was tried and names the package to install.
 */
export async function findPython(
  given: string | undefined,
  env: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<Python> {
  const commands = given === undefined ? ["python3", ...PINS.pythons.map((v) => `python${v}`)] : [given];
  const tried: Tried[] = [];
  for (const command of commands) {
    const found = await tryPython(command, env, signal);
    if (found.version !== null && isFitting(found.version) && found.hasVenv) {
      return { path: found.path, version: found.version };
    }
    tried.push(found);
  }
  throw refuse(tried);
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

function isFitting(version: string): boolean {
  return PINS.pythons.some((wanted) => version.startsWith(`${wanted}.`));
}

/** Says what was tried and what to do about it. */
function refuse(tried: readonly Tried[]): AbtieError {
  const [first, last] = [PINS.pythons[0], PINS.pythons.at(-1)];
  const bare = tried.find(({ version }) => version !== null && isFitting(version));
  if (bare !== undefined) {
    const name = `python${bare.version?.split(".").slice(0, 2).join(".")}-venv`;
    return new AbtieError(
      "engine",
      `Python ${bare.version} (${bare.path}) cannot make virtual environments: its modules venv and ensurepip are missing. Install them (Debian and Ubuntu: apt install python3-venv, or ${name}), or name another Python ${first} to ${last} with --python.`,
    );
  }
  const list = tried.map(({ command, version }) => `${command} is ${version ?? "missing"}`).join(", ");
  return new AbtieError(
    "engine",
    `no Python ${first} to ${last} was found (${list}): vLLM ${PINS.vllm} needs one. Install it (Debian 12: apt install python3 python3-venv), or name one with --python.`,
  );
}
