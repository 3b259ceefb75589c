import { existsSync } from "node:fs";
import { execa } from "execa";

type Env = Readonly<Record<string, string>>;

const LIMIT_MS = 30_000;

/**
 * Reads the settings with which pip reaches its registry (pip.conf of every level and PIP_ variables) and returns the
 * same settings for uv, because uv does not read those of pip. Leaves out settings that uv already has. Nothing is
 * logged, because an address may contain a password.
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

/** The settings of pip by name. A setting from several sources has the value of the strongest source. */
type PipConfig = Readonly<Record<string, string>>;

/**
 * Parses the output of `pip config list`: lines of SOURCE.NAME='VALUE'. A value of source :env: replaces one of
 * install, and install replaces global.
 */
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

/**
 * Removes the quotes and backslash escapes of a text that Python's repr() printed. Handles only the escapes that
 * addresses and paths contain.
 */
function unquote(text: string): string {
  return text.replace(/^(['"])([\s\S]*)\1$/, "$2").replace(/\\([\\'"n])/g, (_, c: string) => (c === "n" ? "\n" : c));
}

/**
 * Turns settings of pip into settings for uv, except those that uv already has. `exists` checks a local folder, because
 * uv refuses a folder that is missing.
 */
export function toUvSettings(pip: PipConfig, env: Env, exists: (path: string) => boolean): Env {
  const words = (name: string): readonly string[] => (pip[name] ?? "").split(/\s+/).filter((word) => word !== "");
  const links = words("find-links").filter((place) => /^[a-z]+:\/\//i.test(place) || exists(place));
  const settings: Readonly<Record<string, string>> = {
    ...(INDEX_VARIABLES.some((name) => env[name] !== undefined)
      ? {}
      : { UV_DEFAULT_INDEX: pip["index-url"] ?? "", UV_INDEX: words("extra-index-url").join(" ") }),
    UV_FIND_LINKS: links.join(","),
    UV_INSECURE_HOST: words("trusted-host").join(" "),
    SSL_CERT_FILE: pip["cert"] ?? "",
    ALL_PROXY: pip["proxy"] ?? "",
  };
  return Object.fromEntries(
    Object.entries(settings).filter(([name, value]) => value !== "" && env[name] === undefined),
  );
}

const INDEX_VARIABLES = ["UV_DEFAULT_INDEX", "UV_INDEX", "UV_INDEX_URL", "UV_EXTRA_INDEX_URL", "UV_NO_INDEX"];
