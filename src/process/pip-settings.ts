import { existsSync } from "node:fs";
import { execa } from "execa";

type Env = Readonly<Record<string, string>>;

const LIMIT_MS = 30_000;

/**
 * Reads how pip is told to reach its registry (pip.conf of every level, and PIP_ variables), as the settings of uv, which does not read
 * pip's. Gives nothing for what is already told to uv itself. Not logged: an address may hold a password.
 */
export async function readPipSettings(python: string, env: Env, signal: AbortSignal): Promise<Env> {
  const result = await execa(python, ["-m", "pip", "config", "list"], {
    env,
    extendEnv: false,
    reject: false,
    timeout: LIMIT_MS,
    cancelSignal: signal,
  });
  signal.throwIfAborted();
  return result.failed ? {} : toUvSettings(parsePipConfig(result.stdout), env, existsSync);
}

/** Pip's settings by name, the strongest source of each. */
type PipConfig = Readonly<Record<string, string>>;

/** Parses the output of `pip config list`: lines of SOURCE.NAME='VALUE', where :env: beats install, and install beats global. */
export function parsePipConfig(text: string): PipConfig {
  const found: Record<string, { readonly rank: number; readonly value: string }> = {};
  for (const line of text.split("\n")) {
    const [, source = "", name = "", quoted = ""] = /^(:env:|install|global)\.([a-z-]+)=(.*)$/.exec(line) ?? [];
    const rank = SOURCES.indexOf(source);
    if (rank < 0 || (found[name]?.rank ?? -1) > rank) continue;
    found[name] = { rank, value: unquote(quoted) };
  }
  return Object.fromEntries(Object.entries(found).map(([name, { value }]) => [name, value]));
}

const SOURCES = ["global", "install", ":env:"];

/** Python's repr of a text, as far as addresses and paths need it. */
function unquote(text: string): string {
  return text.replace(/^(['"])([\s\S]*)\1$/, "$2").replace(/\\([\\'"n])/g, (_, c: string) => (c === "n" ? "\n" : c));
}

/** Turns pip's settings into those of uv that are not set yet. `exists` tells whether a local folder is there: uv refuses a missing one. */
export function toUvSettings(pip: PipConfig, env: Env, exists: (path: string) => boolean): Env {
  const words = (name: string): readonly string[] => (pip[name] ?? "").split(/\s+/).filter((word) => word !== "");
  const links = words("find-links").filter((place) => /^[a-z]+:\/\//i.test(place) || exists(place));
  const asked: Readonly<Record<string, string>> = {
    ...(INDEX_VARIABLES.some((name) => env[name] !== undefined)
      ? {}
      : { UV_DEFAULT_INDEX: pip["index-url"] ?? "", UV_INDEX: words("extra-index-url").join(" ") }),
    UV_FIND_LINKS: links.join(","),
    UV_INSECURE_HOST: words("trusted-host").join(" "),
    SSL_CERT_FILE: pip["cert"] ?? "",
    ALL_PROXY: pip["proxy"] ?? "",
  };
  return Object.fromEntries(Object.entries(asked).filter(([name, value]) => value !== "" && env[name] === undefined));
}

const INDEX_VARIABLES = ["UV_DEFAULT_INDEX", "UV_INDEX", "UV_INDEX_URL", "UV_EXTRA_INDEX_URL", "UV_NO_INDEX"];
